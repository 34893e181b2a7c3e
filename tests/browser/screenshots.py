"""Pictures of the pages for the documents: `python -m tests.browser.screenshots [--all FOLDER]`.

Without `--all`, writes the pictures of docs/web.md and the README; with it, every page in three
widths and both themes.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
from playwright.sync_api import Browser

from scripts.setup.commands import ROOT, cache_folder
from scripts.setup.web_assets import bundle
from tests.browser.driver import chromium_browser
from tests.browser.fake_service import FakeService
from tests.browser.serving import pages_over
from tests.browser.showcase import fill

PICTURES = ROOT / "docs" / "pictures"
HEIGHTS = {360: 740, 768: 1024, 1440: 900}
THEMES = ("light", "dark")
SETTLE_MS = 400
QUALITY = "82"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of a page: `page` is home or a key of the recordings, `query` the moment."""

    page: str
    width: int
    theme: str
    query: str = ""

    @property
    def name(self) -> str:
        """The picture's file name without a suffix."""
        return f"web-{self.page}-{self.width}-{self.theme}"


MOMENT = "?t=48.2"
DOCUMENTED = (
    Shot("player", 1440, "light", MOMENT),
    Shot("player", 1440, "dark", MOMENT),
    Shot("player", 360, "light", MOMENT),
    Shot("home", 1440, "light"),
    Shot("job", 1440, "dark"),
)
EVERY = tuple(
    Shot(page, width, theme, MOMENT if page == "player" else "")
    for page in ("home", "job", "failed", "player", "operator")
    for width in HEIGHTS
    for theme in THEMES
)


def take(
    browser: Browser, address: str, ids: dict[str, str], shots: Sequence[Shot], folder: Path
) -> list[Path]:
    """Take pictures and return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for shot in shots:
        context = browser.new_context(
            viewport={"width": shot.width, "height": HEIGHTS[shot.width]},
            color_scheme="dark" if shot.theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.add_cookies([{"name": "hint", "value": "seen", "url": address}])
        page = context.new_page()
        places = {"home": "/", "operator": "/operator"}
        place = places.get(shot.page) or f"/recordings/{ids[shot.page]}{shot.query}"
        for _ in range(2):  # The second time, the font comes from the browser's cache.
            page.goto(f"{address}{place}")
            page.wait_for_selector("body[data-ready]")
        page.wait_for_load_state("networkidle") if shot.page == "player" else None
        page.wait_for_timeout(SETTLE_MS)
        png = folder / f"{shot.name}.png"
        page.screenshot(path=png, full_page=shot.page == "operator")
        context.close()
        made.append(_smaller(png))
    return made


def _smaller(png: Path) -> Path:
    """Return the picture as WebP, in place of the PNG."""
    webp = png.with_suffix(".webp")
    options = ["-c:v", "libwebp", "-quality", QUALITY, "-compression_level", "6"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", "-i", str(png)]
    subprocess.run([*command, *options, str(webp)], check=True, timeout=60)
    png.unlink()
    return webp


def main() -> None:
    """Take the pictures of the documents, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.browser.screenshots", description=__doc__
    )
    parser.add_argument("--all", type=Path, help="folder for every page, width and theme")
    everything = parser.parse_args().all
    service = FakeService()
    assets = bundle(cache_folder(), ROOT / ".venv" / "bin" / "node")
    with (
        tempfile.TemporaryDirectory() as scratch,
        pages_over(service, assets) as address,
        chromium_browser() as browser,
    ):
        ids = fill(service, Path(scratch))
        shots = EVERY if everything else DOCUMENTED
        for picture in take(browser, address, ids, shots, everything or PICTURES):
            print(f"{picture} {picture.stat().st_size:,} bytes")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
