"""The pages over the whole local cloud: real templates, services, dispatcher and processor."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import Page, expect

from lifestream.view.console import Screen
from local.up import running
from tests.browser.conftest import seconds, until, watch
from tests.browser.correcting import correct_and_undo
from tests.browser.driver import chromium_browser

pytestmark = pytest.mark.e2e

CLIP_SECONDS = 22
JOB_MS = 600_000


@pytest.fixture
def clip(talk: Path, tmp_path: Path) -> Path:
    """The beginning of the talk: two speakers, in few seconds of processing."""
    path = tmp_path / "beginning.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(talk)]
    subprocess.run([*command, "-t", str(CLIP_SECONDS), "-c", "copy", str(path)], check=True)
    return path


@pytest.fixture
def pages() -> Iterator[str]:
    with running(Screen()) as written:
        yield written["web"]


def test_should_lead_from_a_dropped_recording_to_its_words(
    pages: str, clip: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no recording " * 1000)
    complaints: list[str] = []
    with chromium_browser() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        watch(page, complaints)
        page.goto(pages)
        page.wait_for_selector("body[data-ready]")
        page.locator("[data-files]").set_input_files([clip, broken])
        failed = page.locator(".row", has_text="broken.mp4")
        row = page.locator(".row", has_text="beginning.mp4")
        expect(row).to_be_visible(timeout=60_000)
        expect(failed.locator(".chip")).to_have_text("Failed", timeout=JOB_MS)
        failed.get_by_role("link").click()
        expect(page.get_by_role("alert")).to_contain_text("What to do:")
        page.go_back()
        row.get_by_role("link").click()
        expect(page.get_by_role("region", name="Player")).to_be_visible(timeout=JOB_MS)
        page.wait_for_selector("body[data-ready]")
        look_at_player(page)
        correct_and_undo(page, word="Linux", text="Minix", speaker="Ada Byron", quoted=False)
        page.goto(f"{pages}/operator")
        expect(page.get_by_role("row", name="broken.mp4")).to_be_visible()
        page.get_by_label("Account", exact=True).last.click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    assert complaints == []


def look_at_player(page: Page) -> None:
    """Play a moment, search a word, load captions, download the words."""
    until(page, f"Math.abs(document.querySelector('[data-media]').duration - {CLIP_SECONDS}) < 1")
    page.locator("#find").fill("Linux")
    page.keyboard.press("Enter")
    with page.expect_download() as words:
        page.get_by_text("Download", exact=True).click()
        page.get_by_role("link", name="Every word with its time").click()
    heard = json.loads(Path(words.value.path()).read_text())["words"]
    said = next(word["start_seconds"] for word in heard if "Linux" in word["text"])
    assert abs(seconds(page) - said) < 0.1
    page.locator("#main").click(position={"x": 5, "y": 5})
    page.keyboard.press("c")
    until(page, "[...document.querySelector('[data-media]').textTracks].some(t => t.cues?.length)")
    expect(page.locator(".speaker")).to_have_count(2)
    expect(page.locator(".cite").first).to_be_visible()
