import json
import subprocess
import sys
from pathlib import Path

from local import toolchain
from runtime.core.contract import ENTRY_POINT, PROCESSOR_COMMAND, EnvVar


def imports(code: Path, module: str) -> bool:
    """Whether a process whose code is this image's can import a module."""
    command = [sys.executable, "-c", f"import {module}"]
    environment = {"PYTHONPATH": str(code), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, cwd=code, capture_output=True, check=False)
    return done.returncode == 0


def test_should_put_what_the_processor_needs_into_its_image_and_no_more(tmp_path: Path) -> None:
    found = toolchain.images(code=tmp_path).find("lifestream-processor-dev:v1")
    assert found is not None
    assert found.code == tmp_path
    assert (found.entry_point, found.command) == (ENTRY_POINT, PROCESSOR_COMMAND)
    assert found.environment[EnvVar.MODELS_DIR] == str(toolchain.MODELS)
    assert imports(tmp_path, "runtime.core.contract")
    assert not imports(tmp_path, "runtime.dispatcher")
    assert not imports(tmp_path, "local")


def test_should_fill_an_images_folder_again_and_again(tmp_path: Path) -> None:
    toolchain.images(code=tmp_path)
    links = {link: link.lstat().st_ctime_ns for link in (tmp_path / "runtime").iterdir()}
    toolchain.images(code=tmp_path)
    assert {link: link.lstat().st_ctime_ns for link in links} == links, (
        "a cloud may be running from it"
    )
    assert imports(tmp_path, "runtime.core.contract")


def test_should_run_what_the_dockerfile_says() -> None:
    instructions = (toolchain.ROOT / "Dockerfile.processor").read_text().splitlines()
    # As JSON, which is the form that puts no shell in between.
    assert f"ENTRYPOINT {json.dumps(ENTRY_POINT)}" in instructions
    assert f"CMD {json.dumps(PROCESSOR_COMMAND)}" in instructions


def test_should_set_for_libraries_what_the_dockerfile_sets() -> None:
    dockerfile = (toolchain.ROOT / "Dockerfile.processor").read_text()
    for name, value in toolchain.LIBRARY_SETTINGS.items():
        assert f"{name}={value}" in dockerfile
