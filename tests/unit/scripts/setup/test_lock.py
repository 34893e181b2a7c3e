"""What is locked is what pyproject.toml asks for, and names no machine's own package index."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from scripts.setup import lock
from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.requirements import entries, names, pinned
from scripts.setup.virtualenvs import DEVELOPMENT, LAMBDA, MEDIA, PROCESSOR, installer

RENEW = "run: make lock"
GROUPS = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]


@pytest.fixture(scope="module")
def uv() -> Path:
    return installer(cache_folder())


@pytest.fixture(scope="module")
def files(uv: Path) -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): text for path, text in lock.files(uv).items()}


def test_should_lock_what_the_groups_require(uv: Path, tmp_path: Path) -> None:
    command = [str(uv), "lock", "--check", "--offline", "--cache-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, "--default-index", lock.PYPI],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stderr}\n{RENEW}"


def test_should_name_no_index_but_the_public_one() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    sources = [package["source"] for package in locked if package["name"] != "lifestream"]
    assert {tuple(source.items()) for source in sources} == {(("registry", lock.PYPI),)}
    addresses = {re.sub(r"(//[^/]+).*", r"\1", url) for url in _urls(locked)}
    assert addresses == {"https://files.pythonhosted.org"}


def _urls(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["url"]] if "url" in value else []
        return own + [url for item in value.values() for url in _urls(item)]
    return [url for item in value for url in _urls(item)] if isinstance(value, list) else []


def test_should_write_files_that_are_up_to_date(files: dict[str, str]) -> None:
    stale = [path for path, text in files.items() if (ROOT / path).read_text() != text]
    assert stale == [], RENEW


def test_should_have_a_digest_for_every_package(files: dict[str, str]) -> None:
    lacking = [e for text in files.values() for e in entries(text) if "--hash=sha256:" not in e]
    assert lacking == []


@pytest.mark.parametrize("wanted", [PROCESSOR, LAMBDA, DEVELOPMENT, MEDIA], ids=lambda e: e.group)
def test_should_have_a_group_for_each_environment(wanted: Any) -> None:
    assert wanted.group in GROUPS


def test_should_give_the_image_every_package_of_the_processor(files: dict[str, str]) -> None:
    wanted = {re.split(r"[=>\[]", requirement)[0] for requirement in GROUPS["processor"]}
    assert wanted - names(files["image/locks/processor.txt"]) == {"torch"}


def test_should_install_the_same_torch_with_and_without_cuda(files: dict[str, str]) -> None:
    version = pinned(files["image/locks/torch-gpu.txt"], "torch")
    assert version in GROUPS["processor"]
    assert pinned(files["image/locks/torch-cpu.txt"], "torch") == f"{version}+cpu"


def test_should_keep_cuda_out_of_every_file_but_one(files: dict[str, str]) -> None:
    with_cuda = [path for path, text in files.items() if "nvidia-" in text or "triton" in text]
    assert with_cuda == ["image/locks/torch-gpu.txt"]


def test_should_know_a_cpu_wheel_for_both_machines(files: dict[str, str]) -> None:
    assert files["image/locks/torch-cpu.txt"].count("--hash=sha256:") == 2


def test_should_leave_other_systems_packages_out_of_a_container() -> None:
    only_windows = "first==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:aa\n"
    everywhere = "second==2.0 ; sys_platform != 'emscripten' \\\n    --hash=sha256:bb\n"
    assert lock.linux(only_windows + everywhere) == everywhere
