"""Baking models from the hub: never without the token, and never with the token in the image."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from image.build import BuildError, build
from image.content import DOCKERFILE, SOURCES, Variant
from image.engines import Engine
from local import toolchain
from runtime.processor.models.integrity import MANIFEST, verify_model
from scripts.setup.commands import ROOT
from tests.image.fake_hub import FakeHub
from tests.image.helpers import output_of

pytestmark = [pytest.mark.image, pytest.mark.timeout(600, func_only=True)]

TARGET = "models-hf"
TOKEN = "hf_" + hashlib.sha256(b"a token without an account").hexdigest()[:34]
REPOSITORIES = {name: f"some/{name}" for name in ("whisper-base", "diarization", "minilm-l6")}
SEARCHED = ("models", "src", "tmp", "root", "etc", "run", "home", "var/cache", "var/log")


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build's sources, pinned to what the fake hub serves."""
    folder = tmp_path_factory.mktemp("context")
    for source in SOURCES:
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            # Byte code of other processes comes and goes.
            left_out = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / source, folder / source, ignore=left_out)
        else:
            shutil.copy2(ROOT / source, folder / source)
    for file in (DOCKERFILE, ".dockerignore"):
        shutil.copy2(ROOT / file, folder / file)
    recorded = json.loads((toolchain.MODELS / MANIFEST).read_text())["sha256"]
    lines = []
    for name, repository in REPOSITORIES.items():
        lines += ["[[model]]", f'name = "{name}"', f'repository = "{repository}"']
        lines += [f'revision = "{"0" * 40}"', "[model.files]"]
        files = {k: v for k, v in recorded.items() if k.startswith(f"{name}/")}
        lines += [f'"{k.removeprefix(name + "/")}" = "{v}"' for k, v in files.items()]
    (folder / "image/inside/hub_models.toml").write_text("\n".join(lines))
    return folder


@pytest.fixture(scope="session")
def hub() -> Iterator[FakeHub]:
    folders = {repository: toolchain.MODELS / name for name, repository in REPOSITORIES.items()}
    with FakeHub(folders, token=TOKEN) as started:
        yield started


@pytest.mark.usefixtures("image")
def test_should_refuse_without_the_token(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(BuildError):
        build(engine, Variant(models="hf"), target=TARGET)
    assert "HF_TOKEN" in "".join(capfd.readouterr())


@pytest.mark.usefixtures("image")
def test_should_refuse_a_token_that_the_hub_refuses(
    engine: Engine,
    context: Path,
    hub: FakeHub,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_expired")
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    with pytest.raises(BuildError):
        build(engine, Variant(models="hf"), target=TARGET, context=context)
    assert "accepted the model's conditions" in "".join(capfd.readouterr())
    assert hub.refused > 0


@pytest.mark.usefixtures("image")
def test_should_bake_pinned_models_and_forget_the_token(
    engine: Engine, context: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    name = build(engine, Variant(models="hf"), target=TARGET, context=context)
    assert hub.served > 0
    root = Path(output_of(engine, "image", "mount", name).strip())
    for model in REPOSITORIES:
        verify_model(root / "models" / model)
    searched = [str(root / folder) for folder in SEARCHED if (root / folder).exists()]
    found = subprocess.run(["grep", "-rlF", TOKEN, *searched], check=False, capture_output=True)
    assert (found.returncode, found.stdout) == (1, b"")
    assert TOKEN not in output_of(engine, "image", "inspect", name)
    assert TOKEN not in output_of(engine, "history", "--no-trunc", name)
    output_of(engine, "image", "unmount", name)
