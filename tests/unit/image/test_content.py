import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from image.content import DOCKERFILE, SOURCES, Variant, content_tag, source_files
from local.toolchain import PROCESSOR_PACKAGES
from scripts.setup.commands import ROOT

ANY = Variant(models="packages")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for file in [ROOT / DOCKERFILE, *source_files()]:
        target = tmp_path / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, target)
    return tmp_path


def test_should_tag_equal_content_equally(copy: Path) -> None:
    assert content_tag(ANY, root=copy) == content_tag(ANY)


@pytest.mark.parametrize(
    "file", [DOCKERFILE, "runtime/core/contract/names.py", "image/inside/slim.py"]
)
def test_should_tag_changed_content_differently(copy: Path, file: str) -> None:
    with (copy / file).open("a") as changed:
        changed.write("# changed\n")
    assert content_tag(ANY, root=copy) != content_tag(ANY)


@pytest.mark.parametrize(
    "other",
    [
        replace(ANY, accelerator="gpu"),
        replace(ANY, models="hf"),
        replace(ANY, asr_models=("whisper-base", "whisper-tiny.en")),
        replace(ANY, platform="linux/arm64"),
        replace(ANY, base="another:base"),
    ],
)
def test_should_tag_other_variants_differently(other: Variant) -> None:
    assert content_tag(other) != content_tag(ANY)


def test_should_be_a_valid_image_tag() -> None:
    tag = content_tag(ANY)
    assert tag.startswith("cpu-")
    assert tag.removeprefix("cpu-").isalnum()


def test_should_not_look_for_torch_with_cuda_on_the_cpu_index() -> None:
    arguments = Variant(accelerator="gpu").build_arguments()
    assert (arguments["ACCELERATOR"], arguments["TORCH_INDEX"]) == ("gpu", "")


def test_should_send_to_the_build_what_the_tag_is_made_of() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert [line[1:] for line in lines if line.startswith("!")] == sorted(
        SOURCES, key=SOURCES.index
    )
    assert "*" in lines


def test_should_hold_of_ours_what_the_local_cloud_shows_its_processors() -> None:
    ours = {source.removeprefix("runtime/") for source in SOURCES if source.startswith("runtime/")}
    assert ours == set(PROCESSOR_PACKAGES)


def test_should_hold_every_package_that_its_code_imports() -> None:
    code = [path.read_text() for path in source_files() if path.suffix == ".py"]
    imported = {
        name for text in code for name in re.findall(r"^\s*from runtime\.(\w+)", text, re.MULTILINE)
    }
    assert imported
    assert imported <= set(PROCESSOR_PACKAGES)


def test_should_copy_nothing_that_is_not_sent() -> None:
    lines = (ROOT / DOCKERFILE).read_text().splitlines()
    copied = [
        word
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert copied
    assert [word for word in copied if not word.startswith(SOURCES)] == []
