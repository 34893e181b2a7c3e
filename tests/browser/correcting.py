"""A person's corrections in the player, seen in everything that is published, and undone."""

from pathlib import Path

from playwright.sync_api import Page, expect

WORD = """word => {
    const texts = [...document.querySelectorAll(".paragraphs p")].map((p) => p.firstChild);
    const text = texts.find((each) => each.data.includes(word));
    text.parentElement.scrollIntoView({block: "center"});
    const range = document.createRange();
    const at = text.data.indexOf(word);
    range.setStart(text, at);
    range.setEnd(text, at + word.length);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""
CAPTIONS = "fetch(document.querySelector('track').src).then((answer) => answer.text())"
READY = "body[data-editable]"
TITLE, SENTENCE = "All about ships", "In short, it was long."


def saved(page: Page) -> None:
    """Wait until the page says that all is saved."""
    expect(page.locator('[data-edit-state="saved"]')).to_have_text("All changes saved")


def correct_and_undo(page: Page, *, word: str, text: str, speaker: str, quoted: bool) -> None:
    """Change a name, a word, a title and a sentence; find all after a reload; undo all.

    `quoted`: whether the summary quotes the word.
    """
    page.wait_for_selector(READY)
    page.locator("#p0 .who").dblclick()
    page.get_by_label("Name, everywhere").fill(speaker)
    page.keyboard.press("Enter")
    page.mouse.dblclick(*page.evaluate(WORD, word))
    page.get_by_label("Word", exact=True).fill(text)
    page.keyboard.press("Enter")
    page.locator(".chapters [data-edit-text]").first.click()
    page.get_by_label("Title of the chapter", exact=True).fill(TITLE)
    page.keyboard.press("Enter")
    page.locator(".sentence").last.dblclick()
    page.get_by_label("Sentence of the summary", exact=True).fill(SENTENCE)
    page.keyboard.press("Enter")
    saved(page)
    page.reload()
    page.wait_for_selector(READY)
    see(page, text=text, speaker=speaker, quoted=quoted)
    for _ in range(4):
        page.keyboard.press("Control+z")
        saved(page)
    page.reload()
    page.wait_for_selector(READY)
    expect(page.locator("#p0 .who")).to_contain_text("Speaker 1")
    shown = page.locator(".paragraphs").inner_text()
    assert word in shown
    assert text not in shown
    assert text not in page.evaluate(CAPTIONS)
    assert TITLE not in page.content()
    assert SENTENCE not in page.content()


def see(page: Page, *, text: str, speaker: str, quoted: bool) -> None:
    """Find what was changed in the transcript, the captions, the summary and a download."""
    expect(page.locator("#p0 .who")).to_contain_text(speaker)
    assert text in page.locator(".paragraphs").inner_text()
    expect(page.locator(".chapter-head").first).to_have_text(TITLE)
    expect(page.locator(".sentence").last).to_have_text(SENTENCE)
    captions = page.evaluate(CAPTIONS)
    assert text in captions
    assert speaker in captions
    if quoted:
        expect(page.locator(".summary").first).to_contain_text(text)
    label = page.locator(".cite").first.get_attribute("aria-label") or ""
    assert speaker in label or not quoted
    with page.expect_download() as file:
        page.get_by_text("Download", exact=True).click()
        page.get_by_role("link", name="Transcript for reading").click()
    written = Path(file.value.path()).read_text()
    assert text in written
    assert speaker in written
    page.locator("#main").click(position={"x": 5, "y": 5})
