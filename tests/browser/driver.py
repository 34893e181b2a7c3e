"""The Chromium that scripts/setup/browser unpacks, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from scripts.setup.__main__ import npm
from scripts.setup.browser import chromium, settings
from scripts.setup.commands import ROOT, cache_folder

FLAGS = ("--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")


_running: list[Browser] = []


@contextmanager
def chromium_browser() -> Iterator[Browser]:
    """Yield a headless browser, the one that runs in this process already if there is one.

    Playwright runs once in a thread.
    """
    if _running:
        yield _running[0]
        return
    development = (ROOT / ".venv").resolve()
    folder = chromium(cache_folder(), development / "bin" / "node", npm(development))
    program, variables = settings(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, env=dict(variables), args=list(FLAGS)
        )
        _running.append(browser)
        try:
            yield browser
        finally:
            _running.clear()
            browser.close()
