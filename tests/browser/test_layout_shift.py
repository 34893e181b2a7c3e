"""Nothing moves under the reader's eyes but by what the reader does."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import until
from tests.browser.correctable import Correctable
from tests.browser.fake_service import FakeService
from tests.browser.recordings import write_results
from tests.browser.test_editing import STATE, correct, saved

pytestmark = pytest.mark.browser

BUDGET = 0.02
PAINTED = "performance.getEntriesByName('first-contentful-paint').length > 0"
OBSERVE = """
    window.shifts = [];
    window.observer = new PerformanceObserver((list) => window.shifts.push(...list.getEntries()));
    window.observer.observe({ type: "layout-shift", buffered: true });
"""
TAKE = """async () => {
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    const taken = [...window.shifts, ...window.observer.takeRecords()];
    window.shifts = [];
    return taken.reduce((sum, { value }) => sum + value, 0);
}"""


@pytest.fixture
def shift(page: Page) -> Callable[[], float]:
    """Return what has moved since the last call, shortly after an input or not."""
    page.add_init_script(OBSERVE)
    return lambda: float(page.evaluate(TAKE))


def held(page: Page, method: str, address: str) -> list[Route]:
    """Hold requests until the test answers them."""
    routes: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == method:
            routes.append(route)
        else:
            route.continue_()

    page.route(address, hold)
    return routes


def test_opening_the_player_moves_nothing(
    service: FakeService,
    page: Page,
    address: str,
    media: Path,
    tmp_path: Path,
    shift: Callable[[], float],
) -> None:
    results = write_results(tmp_path / "r", [(0, "One speaker alone, and no picture.")] * 9)
    job = {"name": "alone.mp4", "state": "SUCCEEDED", "duration_seconds": 60}
    job_id = service.add(job, results=results, media=media / "video.mp4")
    page.set_viewport_size({"width": 360, "height": 740})
    data = held(page, "GET", "**/player.json")
    page.goto(f"{address}/recordings/{job_id}", wait_until="commit")
    until(page, PAINTED)  # Before the script has read what it draws.
    while not data:
        page.wait_for_timeout(10)
    while data:
        data.pop().continue_()
    page.wait_for_selector("body[data-editable]")
    assert shift() <= BUDGET


def test_saving_moves_nothing_whether_it_fails_or_not(
    page: Page,
    address: str,
    correctable: tuple[str, Correctable],
    shift: Callable[[], float],
    complaints: list[str],
) -> None:
    page.goto(f"{address}/recordings/{correctable[0]}")
    page.wait_for_selector("body[data-editable]")
    changes = held(page, "POST", "**/edits")
    correct(page, 0, "harbour", "haven")
    shift()  # The line that says how far saving is appears where one corrects.
    for _ in range(2):
        page.evaluate("dispatchEvent(new Event('online'))")
        while not changes:
            page.wait_for_timeout(10)
        changes.pop().abort()
        expect(page.locator(STATE)).to_have_attribute("data-edit-state", "offline")
        assert shift() <= BUDGET
    page.unroute_all()
    while changes:  # what the page has sent again by itself
        changes.pop().abort()
    page.evaluate("dispatchEvent(new Event('online'))")
    saved(page)
    assert shift() <= BUDGET
    complaints[:] = [line for line in complaints if "ERR_FAILED" not in line]
