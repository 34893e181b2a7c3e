import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import seconds, until
from tests.browser.fake_service import FakeService
from tests.browser.recordings import ARABIC, CHINESE, GERMAN, write_results

pytestmark = pytest.mark.browser

MARKED = "name => [...(CSS.highlights.get(name) ?? [])].map(String)"
WORD_BOX = """([paragraph, word]) => {
    const text = document.querySelector(`#p${paragraph} p`).firstChild;
    text.parentElement.scrollIntoView({block: "center"});
    const range = document.createRange();
    const at = text.data.indexOf(word);
    range.setStart(text, at);
    range.setEnd(text, at + word.length);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""
WATCH_FADES = """() => {
    window.fades = [];
    document.querySelector("[data-paragraphs]")
        .addEventListener("transitionrun", (event) => window.fades.push(event.target.className));
}"""


def opened(page: Page, address: str, job_id: str, query: str = "") -> None:
    page.goto(f"{address}/recordings/{job_id}{query}")
    page.wait_for_selector("body[data-ready]")


def start_of(results: Path, word: str) -> float:
    words = json.loads((results / "transcript.json").read_text())["words"]
    return float(next(item["start_seconds"] for item in words if item["text"] == word))


def results_of(service: FakeService, job_id: str) -> Path:
    folder = service.recordings[job_id].results
    assert folder is not None
    return folder


def test_a_clicked_word_is_played_and_marked(
    service: FakeService, page: Page, address: str, talk: str
) -> None:
    opened(page, address, talk)
    page.emulate_media(reduced_motion="no-preference")
    page.evaluate(WATCH_FADES)
    for paragraph, speaker, word in ((2, 0, "measurements"), (4, 2, "metres"), (0, 0, "yearly")):
        page.mouse.click(*page.evaluate(WORD_BOX, [paragraph, word]))
        until(page, "!document.querySelector('[data-media]').seeking")
        wanted = start_of(results_of(service, talk), word)
        assert abs(seconds(page) - wanted) < 0.1
        assert page.evaluate(MARKED, "now") == [word]
        expect(page.locator(f"#p{paragraph}")).to_have_class(f"c{speaker} turn now")
    # Each frame of a fade in the transcript would be paid by the seek that began it.
    assert page.evaluate("fades") == []


def test_the_marked_word_follows_the_recording(page: Page, address: str, talk: str) -> None:
    opened(page, address, talk)
    page.keyboard.press("k")
    until(page, "[...(CSS.highlights.get('now') ?? [])].join() === 'the'")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_first_visit_explains_the_page_once(page: Page, address: str, talk: str) -> None:
    opened(page, address, talk)
    hint = page.get_by_role("complementary", name="How to use this page")
    expect(hint).to_contain_text("Click a word to hear it.")
    hint.get_by_role("button", name="Got it").click()
    expect(hint).to_have_count(0)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    expect(hint).to_have_count(0)


def test_captions_and_chapters_load(page: Page, address: str, talk: str) -> None:
    opened(page, address, talk)
    page.keyboard.press("c")
    until(page, "[...document.querySelector('[data-media]').textTracks].some(t => t.cues?.length)")
    expect(page.get_by_role("button", name="Captions")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".chapters li")).to_have_count(2)
    page.locator(".chapters a").nth(1).click()
    assert seconds(page) > 10
    expect(page.locator(".chapters li").nth(1)).to_have_class("now")


def test_a_sentence_of_the_summary_leads_to_its_moment(
    service: FakeService, page: Page, address: str, talk: str
) -> None:
    opened(page, address, talk)
    page.locator(".cite").nth(2).click()
    assert abs(seconds(page) - start_of(results_of(service, talk), "Then")) < 0.5


def test_search_finds_marks_and_seeks(
    service: FakeService, page: Page, address: str, talk: str
) -> None:
    opened(page, address, talk)
    page.keyboard.press("/")
    page.keyboard.type("MEASURE")
    count = page.locator("[data-search-count]")
    expect(count).to_have_text("2")
    assert page.evaluate(MARKED, "found") == ["measure", "measure"]
    page.keyboard.press("Enter")
    expect(count).to_have_text("1 of 2")
    assert abs(seconds(page) - start_of(results_of(service, talk), "measurements")) < 0.1
    page.keyboard.press("Enter")
    assert abs(seconds(page) - start_of(results_of(service, talk), "measured")) < 0.1
    page.get_by_label("Search in the transcript").fill("nowhere")
    expect(count).to_have_text("not found")


def test_everything_works_by_keyboard(page: Page, address: str, talk: str) -> None:
    opened(page, address, talk)
    page.keyboard.press("l")
    assert seconds(page) == pytest.approx(10, abs=0.1)
    page.keyboard.press("ArrowLeft")
    assert seconds(page) == pytest.approx(5, abs=0.1)
    page.keyboard.press("5")
    assert seconds(page) == pytest.approx(30, abs=0.5)
    page.keyboard.press("[")
    page.keyboard.press("[")
    assert seconds(page) == pytest.approx(0, abs=0.1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#p1 .stamp")).to_be_focused()
    page.keyboard.press("Enter")
    assert seconds(page) == pytest.approx(5.6, abs=0.5)
    page.keyboard.press("m")
    assert page.eval_on_selector("[data-media]", "media => media.muted")
    page.keyboard.press(">")
    assert page.eval_on_selector("[data-media]", "media => media.playbackRate") == 1.25
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.locator(".toast")).to_contain_text("Link to this moment")
    assert "?t=5." in page.evaluate("navigator.clipboard.readText()")


def test_tab_reaches_every_control_in_a_sensible_order(page: Page, address: str, talk: str) -> None:
    opened(page, address, talk)
    reached: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "(e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim())"
            "(document.activeElement)"
        )
        if not label or label in reached[:1]:
            break
        reached.append(label)
    order = ["Skip to content", "Share", "Download", "Position", "Play", "Captions", "Search"]
    places = [next(i for i, label in enumerate(reached) if label.startswith(n)) for n in order]
    assert places == sorted(places)
    assert any(label.startswith("Transcript, arrow keys") for label in reached)


def test_the_timeline_shows_how_loud_it_is(page: Page, address: str, talk: str) -> None:
    opened(page, address, talk)
    until(
        page,
        "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v))"
        "(document.querySelector('[data-waveform]'))",
    )


def test_a_shared_moment_opens_there(page: Page, address: str, talk: str) -> None:
    opened(page, address, talk, "?t=20.5")
    until(page, "document.querySelector('[data-media]').readyState >= 2")
    assert seconds(page) == pytest.approx(20.5, abs=0.1)


def test_formats_are_downloaded_under_the_recordings_name(
    page: Page, address: str, talk: str
) -> None:
    opened(page, address, talk)
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Transcript for reading").click()
    assert waiting.value.suggested_filename == "talk_mp4.txt"
    assert "Welcome." in Path(waiting.value.path()).read_text()


def test_a_picture_that_no_browser_plays_becomes_its_sound(
    service: FakeService, page: Page, address: str, talk: str
) -> None:
    service.recordings[talk].playable = False
    opened(page, address, talk, "?t=3")
    expect(page.get_by_text("A browser cannot show this file's picture")).to_be_visible()
    expect(page.locator("[data-sound-who]")).to_have_text("Speaker 1")
    until(page, "document.querySelector('[data-media]').duration > 50")


def test_an_original_that_turns_out_unplayable_becomes_its_sound_or_says_so(
    service: FakeService, page: Page, address: str, talk: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mov"
    broken.write_bytes(b"no video " * 99)
    service.recordings[talk].media = broken
    opened(page, address, talk)
    expect(page.get_by_text("A browser cannot show this file's picture")).to_be_visible()
    until(page, "document.querySelector('[data-media]').duration > 50")
    summary = results_of(service, talk) / "summary.json"
    summary.write_text(json.dumps({**json.loads(summary.read_text()), "player_audio": None}))
    page.reload()
    expect(page.get_by_text("A browser cannot play this file.")).to_be_visible()


def test_a_recording_is_renamed_and_deleted(
    service: FakeService, page: Page, address: str, talk: str
) -> None:
    opened(page, address, talk)
    page.get_by_label("More about this recording").click()
    page.get_by_label("Title", exact=True).fill("Yearly meeting")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Yearly meeting")).to_be_visible()
    page.wait_for_selector("body[data-ready]")
    page.get_by_label("More about this recording").click()
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Drop a recording here")).to_be_visible()
    assert talk not in service.recordings


@pytest.mark.parametrize(
    "written",
    [
        ("de", GERMAN, "ltr", "größere"),
        ("ar", ARABIC, "rtl", "الاجتماع"),
        ("zh", CHINESE, "ltr", "河流"),
    ],
    ids=["German", "Arabic", "Chinese"],
)
def test_languages_are_written_as_they_should_be(
    service: FakeService, page: Page, address: str, media: Path, tmp_path: Path, written: Any
) -> None:
    language, sentences, direction, word = written
    results = write_results(tmp_path / "r", sentences, language=language)
    job_id = service.add(
        {"name": "a.mp4", "state": "SUCCEEDED", "language": language},
        results=results,
        media=media / "video.mp4",
    )
    opened(page, address, job_id)
    assert page.eval_on_selector("#p0 p", "p => getComputedStyle(p).direction") == direction
    assert page.eval_on_selector("#p0 p", "p => p.closest('[lang]').lang") == language
    assert (" " in page.locator("#p0 p").inner_text()) == (language != "zh")
    page.mouse.click(*page.evaluate(WORD_BOX, [0, word]))
    assert abs(seconds(page) - start_of(results, word)) < 0.1
    assert page.evaluate(MARKED, "now") == [word]


def test_hostile_words_names_and_titles_are_text(
    service: FakeService, page: Page, address: str, media: Path, tmp_path: Path
) -> None:
    evil = "<img/src=x/onerror=document.title='ran'> \u202ereversed\u0007 " + "W" * 300
    results = write_results(tmp_path / "r", [(0, evil), (1, evil)])
    summary = json.loads((results / "summary.json").read_text())
    for chapter in summary["chapters"]:
        chapter["title"] = evil
    for speaker in summary["speakers"]:
        speaker["name"] = evil
    summary["warnings"] = [{"code": "any", "message": evil}]
    (results / "summary.json").write_text(json.dumps(summary))
    job = {"name": evil, "title": evil, "state": "SUCCEEDED"}
    job_id = service.add(job, results=results, media=media / "video.mp4")
    for path in ("", "/print"):
        page.goto(f"{address}/recordings/{job_id}{path}")
        page.wait_for_selector("body[data-ready]")
        text = page.locator("main").inner_text()
        assert "<img/src=x/onerror=document.title='ran'>" in text
        assert not {"\u202e", "\u0007"} & set(text)
        assert page.title() != "ran"
        until(page, "document.documentElement.scrollWidth <= innerWidth")
