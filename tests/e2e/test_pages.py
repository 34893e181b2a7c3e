"""The pages over the whole local cloud: real templates, services, dispatcher and processor."""

import json
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response, expect

from cdk.naming import Names
from lifestream.view.console import Screen
from local.up import running
from runtime.core.messages import requeue_message
from tests.browser.conftest import TIMEOUT_MS, seconds, until, watch
from tests.browser.correcting import WORD, correct_and_undo
from tests.browser.driver import chromium_browser
from tests.integration.service.rollouts import client_of

pytestmark = pytest.mark.e2e

CLIP_SECONDS = 22
PADDING_BYTES = 17 << 20
"""More than one request may send, so the clip is sent in three parts."""

JOB_MS = 600_000
BUSY = "503 (Service Unavailable)"
"""What the API answers while a machine that is busy keeps it from AWS; the page asks again."""

TABS = 60
TERMS = ", ".join(f"A term that is longer than many others {number:02}" for number in range(90))
LOSE_THE_THIRD_PART = """() => {
    const send = XMLHttpRequest.prototype.send, open = XMLHttpRequest.prototype.open;
    XMLHttpRequest.prototype.open = function (method, url) {
        this.isLost = new URL(url).searchParams.get("partNumber") === "3";
        open.call(this, method, url);
    };
    XMLHttpRequest.prototype.send = function (body) {
        if (!this.isLost) return send.call(this, body);
        setTimeout(() => this.dispatchEvent(new ProgressEvent("loadend")));
    };
}"""
"""In the page itself: a request that Playwright holds is sent after all when its page is closed."""
FOCUSED = "document.activeElement.ariaLabel"


@pytest.fixture
def clip(talk: Path, tmp_path: Path) -> Path:
    """The beginning of the talk: two speakers, in few seconds of processing."""
    path = tmp_path / "beginning.mp4"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(talk)]
    subprocess.run([*command, "-t", str(CLIP_SECONDS), "-c", "copy", str(path)], check=True)
    with path.open("ab") as file:
        file.write(struct.pack(">I4s", PADDING_BYTES, b"free") + bytes(PADDING_BYTES - 8))
    return path


@pytest.fixture
def system() -> Iterator[Mapping[str, str]]:
    """Addresses of the pages (`web`) and of the cloud (`aws`)."""
    with running(Screen()) as written:
        yield written


def test_should_lead_from_a_dropped_recording_to_its_words(
    system: Mapping[str, str], clip: Path, tmp_path: Path
) -> None:
    pages = system["web"]
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no recording " * 1000)
    complaints: list[str] = []
    with chromium_browser() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(TIMEOUT_MS)
        stop_in_the_third_part(opened(context, pages, complaints), clip, tmp_path / "notes.pdf")
        # The browser itself reports the refusal that was provoked.
        complaints[:] = [line for line in complaints if "422" not in line]
        page = opened(context, pages, complaints)
        expect(page.locator(".upload", has_text="beginning.mp4")).to_contain_text("Interrupted")
        again: list[str] = []
        page.on("request", lambda request: again.extend(part_of(request)))
        page.locator("[data-files]").set_input_files([clip, broken])
        failed = page.locator(".row", has_text="broken.mp4")
        row = page.locator(".row", has_text="beginning.mp4")
        expect(row).to_be_visible()
        assert set(again) == {"3"}, "only the missing part is sent"
        expect(failed.locator(".chip")).to_have_text("Failed", timeout=JOB_MS)
        failed_id = str(failed.get_attribute("id")).removeprefix("job-")
        failed.get_by_role("link").click()
        expect(page.get_by_role("alert")).to_contain_text("What to do:")
        page.go_back()
        row.get_by_role("link").click()
        expect(page.get_by_role("region", name="Player")).to_be_visible(timeout=JOB_MS)
        page.wait_for_selector("body[data-ready]")
        heard = look_at_player(page)
        click_a_word(page, heard)
        use_keys_alone(page, heard)
        correct_and_undo(page, word="Linux", text="Minix", speaker="Ada Byron", quoted=False)
        letter = add_dead_letter(system["aws"], failed_id)
        page.goto(f"{pages}/operator")
        failures = page.get_by_role("region", name="Failed recordings")
        expect(failures.get_by_role("row", name="broken.mp4").first).to_be_visible()
        letters = page.get_by_role("region", name="Dead letters")
        letters.get_by_role("row", name="broken.mp4").get_by_role("link").click()
        page.wait_for_url(f"{pages}/recordings/{failed_id}")
        assert visible(letter) == 1, "a page hides no letter"
        page.get_by_label("Account", exact=True).last.click()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        context.close()
    assert [line for line in complaints if BUSY not in line] == []


def opened(context: BrowserContext, address: str, complaints: list[str]) -> Page:
    page = context.new_page()
    watch(page, complaints)
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    return page


def add_dead_letter(endpoint_url: str, job_id: str) -> tuple[Any, str]:
    """Put a message about a job among the dead letters; return a client and the queue's URL."""
    sqs = client_of("sqs", endpoint_url)
    url = sqs.get_queue_url(QueueName=Names("dev").jobs_dlq)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=requeue_message(job_id))
    return sqs, url


def visible(queue: tuple[Any, str]) -> int:
    """Return how many messages of a queue are visible."""
    sqs, url = queue
    name = "ApproximateNumberOfMessages"
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(found["Attributes"][name])


def part_of(request: Request) -> list[str]:
    """Return the number of the part that a request sends, if it sends one."""
    sends = request.method == "PUT" and "partNumber=" in request.url
    return [request.url.split("partNumber=")[1].split("&")[0]] if sends else []


def stop_in_the_third_part(page: Page, clip: Path, document: Path) -> None:
    """Have a file refused by the page, another by the API, and kill the page in its upload.

    The third part is lost again and again until then.
    """

    def is_sent(number: str, answer: Response) -> bool:
        return answer.ok and part_of(answer.request) == [number]

    document.write_bytes(b"%PDF-1.7")
    files = page.locator("[data-files]")
    files.set_input_files(document)
    expect(page.get_by_role("alert")).to_contain_text("neither video nor sound")
    page.get_by_role("button", name="Dismiss").click()
    page.get_by_text("Options", exact=False).first.click()
    names = page.get_by_label("Names and terms to expect")
    names.fill(TERMS)
    files.set_input_files(clip)
    expect(page.get_by_role("alert")).to_contain_text("Give fewer or shorter terms.")
    names.fill("")
    page.evaluate(LOSE_THE_THIRD_PART)
    with (
        page.expect_response(lambda answer: is_sent("1", answer)),
        page.expect_response(lambda answer: is_sent("2", answer)),
    ):
        page.get_by_role("button", name="Try again").click()
    page.close(run_before_unload=False)


def look_at_player(page: Page) -> dict[str, float]:
    """Search a word, load captions and chapters; return when words begin that are said once."""
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
    tracks = "[...document.querySelector('[data-media]').textTracks]"
    chapters = f"{tracks}.find((track) => track.kind === 'chapters')"
    page.evaluate(f"{chapters}.mode = 'hidden'")
    listed = page.locator(".chapters li").count()
    assert listed >= 1
    until(page, f"{chapters}.cues?.length === {listed}")
    expect(page.locator(".speaker")).to_have_count(2)
    expect(page.locator(".cite").first).to_be_visible()
    starts = {word["text"]: word["start_seconds"] for word in heard}
    return {
        text: start
        for text, start in starts.items()
        if sum(text in word["text"] for word in heard) == 1
    }


def click_a_word(page: Page, heard: dict[str, float]) -> None:
    """Click the longest word: the recording goes to it."""
    word = max(heard, key=len)
    page.mouse.click(*page.evaluate(WORD, word))
    until(page, "!document.querySelector('[data-media]').seeking")
    assert abs(seconds(page) - heard[word]) < 0.1
    assert page.evaluate("[...CSS.highlights.get('now')].join()") == word


def use_keys_alone(page: Page, heard: dict[str, float]) -> None:
    """Without a mouse: reach Play by Tab, play, pause, seek, search, choose a paragraph, help."""
    page.reload()
    page.wait_for_selector("body[data-ready]")
    reached = []
    while (label := page.evaluate(FOCUSED)) != "Play":
        reached.append(label)
        assert len(reached) < TABS, reached
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('[data-media]').currentTime > 0")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('[data-media]').paused")
    page.keyboard.press("5")
    assert seconds(page) == pytest.approx(CLIP_SECONDS / 2, abs=0.5)
    page.keyboard.press("ArrowLeft")
    assert seconds(page) == pytest.approx(CLIP_SECONDS / 2 - 5, abs=0.5)
    word = max(heard, key=len)
    page.keyboard.press("/")
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    expect(page.locator("[data-search-count]")).to_have_text("1 of 1")
    assert abs(seconds(page) - heard[word]) < 0.1
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert seconds(page) < CLIP_SECONDS / 2
