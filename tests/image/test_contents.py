"""What is in the image, and what is not."""

import json
import os
import re
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from image.compose import IMAGES
from image.content import DOCKERFILE
from image.engines import Engine
from image.service import DOCKERFILE as SERVICE_DOCKERFILE
from image.tools import tool
from local.toolchain import PROCESSOR_PACKAGES
from runtime.core.contract import ENTRY_POINT, HEALTH_COMMAND, PROCESSOR_COMMAND
from runtime.processor.models.integrity import verify_model
from scripts.setup.commands import ROOT
from tests.image.helpers import output_of

pytestmark = [pytest.mark.image, pytest.mark.timeout(600, func_only=True)]

USER = "10001:10001"
NOT_INSIDE = (
    *("usr/bin/gcc", "usr/bin/cc", "usr/bin/ld", "usr/bin/strip", "usr/bin/make", "usr/bin/git"),
    *("usr/bin/ffmpeg", "opt/venv/bin/pip", "root/.cache", "tmp/image", "app/tests", "src"),
    *("etc/pip.conf", "run/secrets"),
)


@pytest.fixture(scope="session")
def settings(engine: Engine, image: str) -> dict[str, Any]:
    inspected: dict[str, Any] = json.loads(output_of(engine, "image", "inspect", image))[0]
    return inspected


@pytest.mark.parametrize("dockerfile", [DOCKERFILE, SERVICE_DOCKERFILE, *IMAGES])
def test_should_follow_the_rules_of_the_linter(dockerfile: str) -> None:
    done = subprocess.run(
        [tool("hadolint"), "--failure-threshold", "style", ROOT / dockerfile],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_should_run_what_task_definitions_run(settings: dict[str, Any]) -> None:
    config = settings["Config"]
    # A task definition's command takes the place of the image's, after its entry point.
    assert config["Entrypoint"] == list(ENTRY_POINT)
    assert config["Cmd"] == list(PROCESSOR_COMMAND)
    assert config["StopSignal"] == "SIGTERM"
    assert config["User"] == USER
    assert list(config["Volumes"]) == ["/tmp"]  # noqa: S108 - the container's
    assert settings["HealthCheck" if "HealthCheck" in settings else "Healthcheck"]["Test"] == [
        "CMD",
        *HEALTH_COMMAND,
    ]


def test_should_be_set_to_work_offline(settings: dict[str, Any]) -> None:
    environment = dict(entry.split("=", 1) for entry in settings["Config"]["Env"])
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["PYANNOTE_METRICS_ENABLED"] == "0"
    assert environment["HOME"] == "/tmp"  # noqa: S108 - the container's
    assert environment["MODELS_DIR"] == "/models"


def test_should_say_what_it_is(settings: dict[str, Any], image: str) -> None:
    labels = settings["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "lifestream-processor"
    assert labels["org.opencontainers.image.version"] == image.rpartition(":")[2]
    assert labels["org.opencontainers.image.description"]


def test_should_hold_no_tools_caches_tests_or_traces_of_the_build(root: Path) -> None:
    assert [name for name in NOT_INSIDE if (root / name).exists()] == []
    packages = next((root / "opt/venv/lib").glob("python3*/site-packages"))
    assert [p for p in packages.glob("*/tests") if p.is_dir()] == []
    assert not (packages / "torch" / "include").exists()
    allowed = {"bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc"}
    allowed |= {"root", "run", "sbin", "srv", "sys", "tmp", "usr", "var", "app", "models"}
    assert {path.name for path in root.iterdir()} - allowed == set()
    assert {path.name for path in (root / "opt").iterdir()} == {"venv"}


def test_should_hold_one_opencv_and_no_cuda(root: Path) -> None:
    packages = next((root / "opt/venv/lib").glob("python3*/site-packages"))
    found = [path.name for path in packages.glob("opencv*.dist-info")]
    assert len(found) == 1
    assert "headless" in found[0]
    cuda = re.compile(r"lib(cudart|cublas|cudnn|torch_cuda|nvrtc)")
    assert [p.name for p in packages.rglob("*.so*") if cuda.match(p.name)] == []


def test_should_hold_the_processor_and_what_it_imports_of_ours(root: Path) -> None:
    inside = {path.name for path in (root / "app" / "runtime").iterdir()}
    assert inside - {"__pycache__"} == set(PROCESSOR_PACKAGES)


def test_should_hold_models_that_match_their_manifest(root: Path) -> None:
    models = root / "models"
    names = {path.name for path in models.iterdir() if path.is_dir()}
    assert names == {"whisper-base", "diarization", "minilm-l6"}
    for name in names:
        verify_model(models / name)


def test_should_let_its_user_change_nothing(root: Path) -> None:
    writable = [
        path
        for top in ("app", "models", "opt")
        for path in (root / top).rglob("*")
        if not path.is_symlink() and path.lstat().st_mode & stat.S_IWOTH
    ]
    assert writable == []
    for folder in ("app", "models", "opt/venv"):
        assert (root / folder).lstat().st_uid == 0


def test_should_list_its_packages_in_a_bill_of_materials(root: Path) -> None:
    bill = ROOT / "out" / "processor.cdx.json"
    bill.parent.mkdir(exist_ok=True)
    subprocess.run(
        [tool("syft"), "scan", f"dir:{root}", "--output", f"cyclonedx-json={bill}", "--quiet"],
        check=True,
        env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false", "SYFT_PARALLELISM": "2"},
    )
    components = json.loads(bill.read_text())["components"]
    versions = {c["name"].lower(): c.get("version") for c in components}
    assert versions["torch"] == "2.13.0+cpu"
    locked = (ROOT / "image" / "locks" / "processor.txt").read_text()
    wanted = dict(re.findall(r"^([\w.-]+)==([^ ;]+)", locked, re.MULTILINE))
    normal = {re.sub(r"[-_.]+", "-", name): version for name, version in versions.items()}
    assert {n: v for n, v in wanted.items() if normal.get(re.sub(r"[-_.]+", "-", n)) != v} == {}
