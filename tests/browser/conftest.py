"""One browser, one server and one fake service for all tests of the pages."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.web_assets import bundle
from tests.browser.correctable import Correctable, found_talk
from tests.browser.driver import chromium_browser
from tests.browser.fake_service import FakeService
from tests.browser.recordings import make_video, write_results
from tests.browser.serving import pages_over

WIDTH, HEIGHT = 1280, 800
UNUSED_SO_FAR = "preloaded using link preload but not used within a few seconds"
"""What Chromium says of a font where a busy machine draws late."""

TIMEOUT_MS, STEP_MS = 60_000, 20
# Playwright's own bound of 5 s says something about the machine.
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="package")
def assets() -> Path:
    return bundle(cache_folder(), ROOT / ".venv" / "bin" / "node")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium_browser() as browser:
        yield browser


@pytest.fixture(scope="package")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    make_video(folder)
    return folder


@pytest.fixture(scope="package")
def shared(assets: Path) -> Iterator[tuple[FakeService, str]]:
    service = FakeService()
    with pages_over(service, assets) as address:
        yield service, address


@pytest.fixture
def service(shared: tuple[FakeService, str]) -> FakeService:
    service = shared[0]
    service.reset()
    return service


@pytest.fixture
def address(shared: tuple[FakeService, str]) -> str:
    return shared[1]


@pytest.fixture
def talk(service: FakeService, media: Path, tmp_path: Path) -> str:
    """A finished recording of three speakers."""
    results = write_results(tmp_path / "talk", pictures=media / "scene.webp")
    (results / "audio.m4a").write_bytes((media / "audio.m4a").read_bytes())
    job = {"name": "talk.mp4", "state": "SUCCEEDED", "duration_seconds": 60, "speakers": 3}
    return service.add(
        {**job, "language": "en", "thumbnail": True}, results=results, media=media / "video.mp4"
    )


@pytest.fixture
def correctable(service: FakeService, media: Path, tmp_path: Path) -> tuple[str, Correctable]:
    """A finished recording that can be corrected: its id, and its corrections."""
    corrections = Correctable(tmp_path / "correctable", found_talk())
    job = {"name": "harbour.mp4", "state": "SUCCEEDED", "duration_seconds": 60}
    more = {"results": corrections.folder, "media": media / "video.mp4"}
    return service.add(job, corrections=corrections, **more), corrections


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce", color_scheme="light"
    )
    context.set_default_timeout(TIMEOUT_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the console reports; a test that expects a report removes it."""
    return []


@pytest.fixture
def page(context: BrowserContext, complaints: list[str], address: str) -> Iterator[Page]:
    """A signed-in page at the list; at the end nothing may have been reported in its console."""
    page = context.new_page()
    watch(page, complaints)
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    yield page
    assert complaints == []


def watch(page: Page, complaints: list[str]) -> None:
    """Collect errors and warnings of a page, violations of the content policy among them."""
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{message.type}: {message.text}")
            if message.type in ("error", "warning") and UNUSED_SO_FAR not in message.text
            else None
        ),
    )


def until(page: Page, expression: str) -> None:
    """Wait until an expression holds; Playwright's own wait needs `eval`, which pages forbid."""
    for _ in range(TIMEOUT_MS // STEP_MS):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(STEP_MS)
    raise AssertionError(f"it never became true: {expression}")


def seconds(page: Page) -> float:
    """Return where the recording is."""
    return float(page.eval_on_selector("[data-media]", "media => media.currentTime"))


def axe_violations(page: Page) -> list[str]:
    """Return what axe finds serious or critical on a page."""
    page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate(
        "async () => (await axe.run(document, {resultTypes: ['violations']})).violations"
    )
    return [
        json.dumps([item["id"], item["help"], [node["html"][:120] for node in item["nodes"]][:3]])
        for item in found
        if item["impact"] in ("serious", "critical")
    ]
