"""Measures the pages with six hours of speech on a slow processor, against their budgets.

Prints a line for each budget. Paint times are taken with Chromium at a quarter of its speed, as on
a small telephone, and need a quiet machine. What an input costs is the processor time of the page's
main thread, times four: other programs do not change it.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import CDPSession, Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.setup.commands import cache_folder  # noqa: E402
from scripts.setup.web_assets import bundle  # noqa: E402
from tests.browser.conftest import until  # noqa: E402
from tests.browser.driver import chromium_browser  # noqa: E402
from tests.browser.fake_service import FakeService  # noqa: E402
from tests.browser.recordings import make_video, transcript, write_results  # noqa: E402
from tests.browser.serving import pages_over  # noqa: E402

SLOWDOWN = 4
SENTENCES = 3600
SENTENCE = "We measured at three bridges every morning and every evening of the long year."
BUDGETS = {
    "first contentful paint of the player": (1000, "ms"),
    "first contentful paint of the list": (1000, "ms"),
    "a click on a word": (100, "ms"),
    "a key that seeks": (100, "ms"),
    "a letter in the search": (100, "ms"),
    "layout shift": (0.02, ""),
    "a speaker's new name, until it shows": (200, "ms"),
    "a frame while scrolling": (100, "ms"),
    "scripts of the player, compressed": (120, "kB"),
    "scripts of the list, compressed": (120, "kB"),
}
OBSERVE = """() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
        for (const { hadRecentInput, value } of list.getEntries())
            if (!hadRecentInput) window.shift += value;
    }).observe({type: "layout-shift", buffered: true});
}"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
WORD = """() => {
    const view = document.querySelector("[data-scroller]").getBoundingClientRect();
    const texts = [...document.querySelectorAll(".paragraphs p")].slice(0, 20);
    const boxes = texts.map((text) => text.getBoundingClientRect());
    const { x, y } = boxes.find((box) => box.top > view.top + 60 + Math.random() * 300);
    return [x + 40 + Math.random() * 200, y + 12];
}"""
SETTLE_MS = 700
FRAMES = 40
SCROLL = """async () => {
    const box = document.querySelector("[data-scroller]");
    for (let frame = 0; frame < 40; frame += 1) {
        box.scrollTop += 900;
        await new Promise(requestAnimationFrame);
    }
}"""


def main() -> None:
    """Measure and print."""
    measured: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, six_hours(Path(folder)) as (page, address, job):
        page.goto(address)
        page.wait_for_selector("body[data-ready]")  # signed in, and the server is warm
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(f"{address}/recordings/{job}")
        page.wait_for_selector("body[data-editable]")
        page.evaluate(OBSERVE)
        cost = Cost(page, session)
        measured["a click on a word"] = cost.of(click_word, 2)
        measured["a key that seeks"] = cost.of(lambda page: page.keyboard.press("l"))
        measured["a speaker's new name, until it shows"] = cost.of(
            lambda page: page.keyboard.press("Enter"), before=open_speaker
        )
        page.locator("#find").focus()
        measured["a letter in the search"] = cost.of(lambda page: page.keyboard.press("b"))
        measured["a frame while scrolling"] = cost.of(scroll) / FRAMES
        measured["layout shift"] = page.evaluate("window.shift")
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        measured["first contentful paint of the list"] = paint(page, address)
        measured["scripts of the list, compressed"] = script_kilobytes(page)
        player = f"{address}/recordings/{job}"
        measured["first contentful paint of the player"] = paint(page, player)
        measured["scripts of the player, compressed"] = script_kilobytes(page)
    for name, (budget, unit) in BUDGETS.items():
        mark = "" if measured[name] <= budget else "  OVER"
        print(f"{name:48} {measured[name]:8.2f} {unit:3} of {budget}{mark}")


@contextmanager
def six_hours(folder: Path) -> Iterator[tuple[Page, str, str]]:
    """Yield a page in a browser, the pages' address and the id of a recording of six hours."""
    make_video(folder)
    spoken = [(number % 4, SENTENCE) for number in range(SENTENCES)]
    duration = transcript(spoken)["sentences"][-1]["end_seconds"]
    results = write_results(folder / "r", spoken, duration=duration, pictures=folder / "scene.webp")
    service = FakeService()
    job_id = service.add(
        {"name": "six-hours.mp4", "state": "SUCCEEDED", "duration_seconds": duration},
        results=results,
        media=folder / "video.mp4",
    )
    assets = bundle(cache_folder(), ROOT / ".venv" / "bin" / "node")
    with pages_over(service, assets) as address, chromium_browser() as browser:
        yield browser.new_page(viewport={"width": 1280, "height": 800}), address, job_id


class Cost:
    """What an act costs the page's main thread, in milliseconds of a slow processor."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self._page = page
        self._session = session

    def of(
        self,
        act: Callable[[Page], object],
        times: int = 3,
        before: Callable[[Page], object] = lambda _: None,
    ) -> float:
        """Return the middle of several measurements, each after `before`."""
        return median(self._once(act, before) for _ in range(times + times % 2 + 1))

    def _once(self, act: Callable[[Page], object], before: Callable[[Page], object]) -> float:
        before(self._page)
        self._page.wait_for_timeout(SETTLE_MS)
        started = self._busy()
        act(self._page)
        self._page.wait_for_timeout(SETTLE_MS)
        return (self._busy() - started) * 1000 * SLOWDOWN

    def _busy(self) -> float:
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def paint(page: Page, address: str) -> float:
    """Return the milliseconds until the first content of a page shows."""
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    until(page, f"({PAINT}) > 0")
    return float(page.evaluate(PAINT))


def script_kilobytes(page: Page) -> float:
    """Return what the page's scripts have compressed, as sent."""
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(e => e.name.endsWith('.js'))"
        ".map(e => e.encodedBodySize)"
    )
    return float(sum(sizes)) / 1000


def click_word(page: Page) -> None:
    """Click on a word of the first paragraphs in view."""
    page.mouse.click(*page.evaluate(WORD))


def open_speaker(page: Page) -> None:
    """Write another name for the first speaker, who has a quarter of all paragraphs.

    Nothing is saved: what an answer costs is not part of what shows the name.
    """
    page.route("**/edits", lambda route: route.abort())
    page.locator("#p0 .stamp").focus()
    page.keyboard.press("r")
    page.keyboard.type(f"Ada {page.evaluate('Math.round(performance.now())')}")


def scroll(page: Page) -> None:
    """Scroll by a screen a frame."""
    page.evaluate(SCROLL)


if __name__ == "__main__":
    main()
