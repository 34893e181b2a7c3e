"""The tests' browser in the cache folder: there wholly, or not at all."""

from pathlib import Path

import pytest

from scripts.setup import browser
from scripts.setup.wheels import UnavailableError


def test_should_appear_with_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def install(_scratch: Path, unpacked: Path, *_tools: Path) -> None:
        unpacked.mkdir()
        (unpacked / "chromium").touch()

    def unpack(_packages: object, _folder: Path) -> Path:
        seen.append([path.name for path in tmp_path.glob("chromium-*")])
        raise UnavailableError("this machine has no apt-get")

    monkeypatch.setattr(browser, "_install", install)
    monkeypatch.setattr(browser, "unpack", unpack)

    folder = browser.chromium(tmp_path, Path("node"), Path("npm"))

    assert seen == [[]], "it appears last"
    assert sorted(path.name for path in folder.iterdir()) == ["chromium", "fonts.conf"]
    assert browser.chromium(tmp_path, Path("node"), Path("npm")) == folder
