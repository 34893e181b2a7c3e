"""Corrections in the player, over the project's own journal and rendering."""

import json

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import axe_violations, until, watch
from tests.browser.correctable import Correctable
from tests.browser.test_player import MARKED, WORD_BOX

pytestmark = pytest.mark.browser

STATE = "[data-edit-state]"
TRIES, STEP_MS = 300, 100
WORD_TOP = WORD_BOX.replace('text.parentElement.scrollIntoView({block: "center"});', "").replace(
    "return [box.x + box.width / 2, box.y + box.height / 2]", "return box.y"
)


@pytest.fixture
def opened(page: Page, address: str, correctable: tuple[str, Correctable]) -> Correctable:
    page.goto(f"{address}/recordings/{correctable[0]}")
    page.wait_for_selector("body[data-editable]")
    return correctable[1]


def saved(page: Page) -> None:
    expect(page.locator(f'{STATE}[data-edit-state="saved"]')).to_have_text("All changes saved")


def correct(page: Page, paragraph: int, word: str, text: str) -> None:
    page.mouse.dblclick(*page.evaluate(WORD_BOX, [paragraph, word]))
    field = page.get_by_label("Word", exact=True)
    expect(field).to_have_value(word)
    field.fill(text)
    field.press("Enter")


def words_of(corrections: Correctable) -> str:
    found = json.loads((corrections.folder / "transcript.json").read_text())["words"]
    return " ".join(word["text"] for word in found)


def test_words_are_changed_added_joined_and_deleted_where_they_are_read(
    page: Page, opened: Correctable
) -> None:
    first = page.locator("#p0 p")
    correct(page, 0, "harbour", "haven")
    expect(first).to_contain_text("Welcome to the haven of Port")
    correct(page, 0, "Welcome", "Welcome back")
    correct(page, 0, "back", "home")
    correct(page, 0, "the", "")
    page.mouse.dblclick(*page.evaluate(WORD_BOX, [0, "Port"]))
    page.get_by_role("button", name="Join next").click()
    expect(page.get_by_label("Word", exact=True)).to_have_value("PortEllen!")
    page.keyboard.press("Escape")
    expect(first).to_contain_text("Welcome home to haven of PortEllen! The stone")
    saved(page)
    assert words_of(opened).startswith("Welcome home to haven of PortEllen! The stone")
    page.reload()
    page.wait_for_selector("body[data-editable]")
    expect(first).to_contain_text("Welcome home to haven of PortEllen! The stone")
    assert len(opened.journal.entries) == 5


@pytest.mark.usefixtures("opened")
def test_a_double_click_opens_the_word_under_its_first_click_though_the_text_scrolls(
    page: Page,
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    x, y = page.evaluate(WORD_BOX, [0, "fishermen"])
    below = 640
    page.evaluate("distance => scrollBy(0, distance)", y - below)
    page.mouse.dblclick(x, below)
    expect(page.get_by_label("Word", exact=True)).to_have_value("fishermen")
    assert page.evaluate(WORD_TOP, [0, "fishermen"]) < below - 100, "the text did not scroll"


def test_speakers_are_named_merged_and_given_paragraphs(page: Page, opened: Correctable) -> None:
    page.locator("#p1 .who").dblclick()
    page.get_by_label("Name, everywhere").fill("Ada <b>")
    page.keyboard.press("Enter")
    for place in ("#p1 .who", "#p3 .who", ".speaker >> nth=1"):
        expect(page.locator(place)).to_contain_text("Ada <b>")
    saved(page)
    page.locator("#p2 .stamp").focus()
    page.keyboard.press("r")
    page.get_by_label("This paragraph was said by").select_option(label="Someone else")
    page.get_by_role("button", name="Change", exact=True).click()
    expect(page.locator("#p2")).to_have_class("c2 turn")
    saved(page)
    expect(page.locator(".speaker")).to_have_count(3)
    page.locator("#p2 .who").dblclick()
    page.get_by_label("The same person as").select_option(label="Ada <b>")
    page.get_by_role("button", name="Merge").click()
    saved(page)
    expect(page.locator(".speaker")).to_have_count(2)
    assert {edit["edit"]["kind"] for edit in opened.as_json()["entries"]} == {
        "rename_speaker",
        "reassign_words",
        "merge_speakers",
    }


def test_doubtful_words_are_walked_through_with_keys(page: Page, opened: Correctable) -> None:
    page.keyboard.press("d")
    field = page.get_by_label("Word", exact=True)
    expect(field).to_have_value("harbour")
    assert page.evaluate(MARKED, "doubtful") == ["harbour", "slate"]
    expect(page.locator("[data-doubt-count]")).to_have_text("2 doubtful words")
    field.press("Enter")
    expect(field).to_have_value("slate")
    field.fill("late")
    field.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("[data-doubt-count]")).to_have_text("0 doubtful words")
    assert page.evaluate(MARKED, "edited") == ["harbour", "late"]
    saved(page)
    assert "later, with late from" in words_of(opened)


def test_corrections_are_undone_redone_and_restored(page: Page, opened: Correctable) -> None:
    original = {path.name: path.read_bytes() for path in opened.folder.iterdir()}
    correct(page, 0, "stone", "old grey")
    saved(page)
    page.keyboard.press("Control+z")
    expect(page.locator("#p0 p")).to_contain_text("The stone walls")
    saved(page)
    assert {path.name: path.read_bytes() for path in opened.folder.iterdir()} == original
    page.keyboard.press("Control+y")
    expect(page.locator("#p0 p")).to_contain_text("The old grey walls")
    saved(page)
    page.keyboard.press("h")
    history = page.get_by_role("dialog", name="Revisions")
    expect(history.get_by_role("listitem")).to_have_count(4)
    expect(history.get_by_role("listitem").nth(1)).to_contain_text("Undone")
    expect(history.get_by_role("listitem").nth(2)).to_contain_text("Word changed to “old grey”")
    history.get_by_role("button", name="Restore revision 0").click()
    expect(page.locator("#p0 p")).to_contain_text("The stone walls")
    saved(page)
    assert {path.name: path.read_bytes() for path in opened.folder.iterdir()} == original


def rewrite(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    expect(field).to_be_focused()
    field.fill(text)
    field.press("Enter")
    expect(field).to_be_hidden()


def test_titles_and_sentences_of_the_summary_are_edited_where_they_are_read(
    page: Page, opened: Correctable
) -> None:
    original = {path.name: path.read_bytes() for path in opened.folder.iterdir()}
    sentences = page.locator(".sentence")
    before = sentences.all_inner_texts()
    page.locator("[data-edit]").click()
    page.locator(".chapters [data-edit-text]").nth(1).press("Enter")
    rewrite(page, "Title of the chapter", "Out <b>")
    for place in (".chapters [dir]", ".chapter-head", "[data-chapter-marks] span"):
        expect(page.locator(place).nth(1)).to_have_text("Out <b>")
    sentences.nth(0).dblclick()
    rewrite(page, "Sentence of the summary", "")
    expect(sentences.nth(0)).to_be_hidden()
    saved(page)
    page.reload()
    page.wait_for_selector("body[data-editable]")
    expect(page.locator(".chapter-head").nth(1)).to_have_text("Out <b>")
    expect(sentences).to_have_text(before[1:])
    sentences.nth(0).dblclick()
    rewrite(page, "Sentence of the summary", "A railway.")
    expect(sentences.nth(0)).to_have_text("A railway.")
    saved(page)
    edits = [entry["edit"] for entry in opened.as_json()["entries"]]
    assert [(edit["kind"], edit.get("item")) for edit in edits] == [
        ("change_chapter", None),
        ("change_summary", 0),
        ("change_summary", 1),
    ]
    summary = json.loads((opened.folder / "summary.json").read_text())
    assert summary["chapters"][1]["title"] == "Out <b>"
    assert [item["text"] for item in summary["summary_sections"][0]["items"]] == ["A railway."]
    for _ in range(3):
        page.keyboard.press("Control+z")
        saved(page)
    expect(sentences).to_have_text(before)
    assert {path.name: path.read_bytes() for path in opened.folder.iterdir()} == original


def test_a_sentence_that_another_has_changed_meanwhile_is_asked_about(
    page: Page, opened: Correctable, complaints: list[str]
) -> None:
    theirs = {"kind": "change_summary", "section": 0, "item": 1, "text": "Theirs."}
    opened.before_change = lambda: opened.edit(theirs)
    page.locator(".sentence").nth(1).dblclick()
    rewrite(page, "Sentence of the summary", "Mine.")
    conflict = page.get_by_role("list", name="Changes to look at").get_by_role("listitem")
    expect(conflict).to_contain_text("is “Theirs.” by now")
    conflict.get_by_role("button", name="Use mine").click()
    expect(page.locator(".sentence").nth(1)).to_have_text("Mine.")
    saved(page)
    assert opened.as_json()["entries"][-1]["edit"]["text"] == "Mine."
    complaints[:] = [line for line in complaints if "412" not in line]


def test_corrections_wait_for_a_connection_and_outlive_the_page(
    page: Page, context: BrowserContext, opened: Correctable, complaints: list[str]
) -> None:
    correct(page, 0, "harbour", "haven")
    saved(page)
    context.set_offline(True)
    correct(page, 0, "stone", "grey")
    correct(page, 0, "Ellen!", "Ellen! There")
    expect(page.locator(STATE)).to_contain_text("2 changes are kept here")
    page.close()
    context.set_offline(False)

    again = context.new_page()
    watch(again, complaints)
    again.goto(page.url)
    expect(again.locator("#p0 p")).to_contain_text("haven of Port Ellen! There The grey walls")
    for _ in range(TRIES):  # The page may reload once all is saved.
        if len(opened.journal.entries) == 3:
            break
        again.wait_for_timeout(STEP_MS)
    assert "haven of Port Ellen! There The grey walls" in words_of(opened)
    assert len(opened.journal.entries) == 3
    complaints[:] = [line for line in complaints if "ERR_INTERNET_DISCONNECTED" not in line]


def test_another_persons_change_is_shown_and_asked_about_only_where_it_is_the_same(
    page: Page, opened: Correctable, complaints: list[str]
) -> None:
    opened.before_change = lambda: opened.edit(
        {"kind": "change_word", "word": "3", "text": "port"},
        {"kind": "delete_word", "word": "0"},
        {"kind": "change_word", "word": "49", "text": "Partly."},
    )
    correct(page, 0, "harbour", "haven")
    correct(page, 0, "stone", "grey")
    conflict = page.get_by_role("list", name="Changes to look at").get_by_role("listitem")
    expect(conflict).to_contain_text("“harbour” is “port” by now.")
    expect(page.locator("#p0 p")).to_contain_text("to the port of Port Ellen! The grey walls")
    expect(page.locator("#p2 p")).to_have_text("Partly.")
    conflict.get_by_role("button", name="Use mine").click()
    expect(page.locator("#p0 p")).to_contain_text("to the haven of")
    saved(page)
    assert words_of(opened).startswith("to the haven of Port Ellen! The grey walls")
    complaints[:] = [line for line in complaints if "412" not in line]


def test_an_answer_that_was_lost_makes_no_second_change(
    page: Page, opened: Correctable, complaints: list[str]
) -> None:
    lost: list[str] = []

    def lose(route: Route) -> None:
        if lost or route.request.method != "POST":
            route.continue_()
            return
        route.fetch()
        lost.append(route.request.url)
        route.abort()

    page.route("**/edits", lose)
    correct(page, 0, "stone", "grey stone")
    saved(page)
    assert lost
    assert [e["edit"]["text"] for e in opened.as_json()["entries"]] == ["grey stone"]
    complaints[:] = [line for line in complaints if "ERR_FAILED" not in line]


def test_names_are_given_without_a_script_even_if_another_edits_too(
    page: Page, opened: Correctable
) -> None:
    page.get_by_text("Name the speakers").click()
    page.get_by_label("Name of speaker 2").fill("Ada")
    page.locator(".naming").get_by_role("button", name="Save").click()
    expect(page.locator("#p1 .who")).to_contain_text("Ada")
    assert opened.journal.revision == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("opened")
def test_editing_is_accessible_and_fits_small_screens(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": 360, "height": 740})
    page.keyboard.press("d")
    expect(page.get_by_role("dialog", name="Correct a word")).to_be_visible()
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.locator("#p1 .stamp").focus()
    page.keyboard.press("r")
    assert axe_violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".views").get_by_text("Summary and chapters").click()
    page.locator("[data-edit-text]").first.click()
    expect(page.get_by_label("Sentence of the summary", exact=True)).to_be_focused()
    assert axe_violations(page) == []
    until(page, "document.documentElement.scrollWidth <= innerWidth")
