"""The player fits every screen, and everyone can use it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import axe_violations, until
from tests.browser.fake_service import FakeService
from tests.browser.recordings import transcript, write_results
from tests.browser.test_player import opened

pytestmark = pytest.mark.browser

MENUS_OUT_OF_VIEW = """() => [...document.querySelectorAll("[data-menu]")].filter((menu) => {
    if (!menu.checkVisibility()) return false;
    menu.open = true;
    const { left, right, bottom } = menu.querySelector(".menu-panel").getBoundingClientRect();
    menu.open = false;
    return left < 0 || right > innerWidth || bottom > innerHeight;
}).map((menu) => menu.querySelector("summary").title)"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_player_is_accessible(page: Page, address: str, talk: str, theme: str) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    opened(page, address, talk, "?t=12")
    assert axe_violations(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert axe_violations(page) == []
    page.goto(f"{address}/recordings/{talk}/print")
    assert axe_violations(page) == []


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_wider_than_the_screen(
    service: FakeService, page: Page, address: str, talk: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    service.dead_letters.add(service.recordings[talk].job)
    for path in ("/", f"/recordings/{talk}", f"/recordings/{talk}/print", "/operator"):
        page.goto(f"{address}{path}")
        if path == "/operator":
            expect(
                page.get_by_role("region", name="Dead letters").get_by_role("row")
            ).to_have_count(2)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert over <= 0, f"{path} is {over} pixels too wide"
        assert page.evaluate(MENUS_OUT_OF_VIEW) == []


def test_six_hours_are_laid_out_only_where_they_show(
    service: FakeService, page: Page, address: str, media: Path, tmp_path: Path
) -> None:
    sentence = "We measured at three bridges every morning and every evening of the long year."
    spoken = [(n % 4, sentence) for n in range(3600)]
    end = transcript(spoken)["sentences"][-1]["end_seconds"]
    results = write_results(tmp_path / "r", spoken, duration=end)
    job_id = service.add(
        {"name": "long.mp4", "state": "SUCCEEDED"}, results=results, media=media / "video.mp4"
    )
    opened(page, address, job_id)
    assert page.locator("#p3599").count() == 1
    shown = (
        "[...document.querySelectorAll('.paragraphs p')]"
        ".filter(p => p.checkVisibility({contentVisibilityAuto: true})).length"
    )
    until(page, f"(shown => 0 < shown && shown < 100)({shown})")  # once it is drawn
    page.evaluate("document.querySelector('[data-scroller]').scrollTop = 1e9")
    until(page, "document.querySelector('#p3599').getBoundingClientRect().top < innerHeight")
    page.locator("#find").fill("long year")
    # `expect` describes the whole page at every look, which takes seconds for so long a text.
    until(page, "document.querySelector('[data-search-count]').textContent === '2000+'")
