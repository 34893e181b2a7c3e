import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from image import running, tools
from image.build import build
from image.content import Variant
from image.debian_base import NoBaseError
from image.engines import Engine, NoEngineError, find_engine
from local import deploy, toolchain
from local.deployed import ENVIRONMENT, Deployed, download_results
from tests.image.helpers import finished, output_of
from tests.image.lonely_network import LonelyNetwork
from tests.sharing import made_once

HERE = "tests/image/"
NOT_TESTED = "IMAGES ARE NOT TESTED HERE"
LONGEST_FIRST = ("test_job.py", "test_compose.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: several processes share the files."""
    items.sort(key=lambda item: item.path.name not in LONGEST_FIRST)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Close with one line that a person or a script can rely on."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    found = {
        outcome: [
            report for report in reporter.stats.get(outcome, ()) if report.nodeid.startswith(HERE)
        ]
        for outcome in ("passed", "failed", "error", "skipped")
    }
    if not any(found.values()):
        return
    reasons = {
        report.longrepr[2] for report in found["skipped"] if isinstance(report.longrepr, tuple)
    }
    for reason in sorted(reasons):
        reporter.write_line(reason.removeprefix("Skipped: "), red=True, bold=True)
    counts = {outcome: len(reports) for outcome, reports in found.items()}
    skipped = f", {counts['skipped']} SKIPPED" if counts["skipped"] else ""
    failed = counts["failed"] + counts["error"]
    reporter.write_line(f"Image: {counts['passed']} passed, {failed} failed{skipped}")


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The tool that builds and runs; without one, everything here is skipped, loudly."""
    reason = (
        f"{', '.join(absent)} not installed (make image-test does)"
        if (absent := tools.missing())
        else ""
    )
    if os.geteuid() != 0:
        reason = "network namespaces and a base made here need root"
    if not reason:
        try:
            found = find_engine()
        except NoEngineError as error:
            reason = str(error)
        else:
            if found.run is not None and found.mounts:
                return found
            reason = f"{found.name} is used here, these tests look inside images with Podman"
    pytest.skip(f"{NOT_TESTED}: {reason}")


@pytest.fixture(scope="session")
def image(
    engine: Engine,
    started_outside: Future[Path] | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The processor's image, with the models that packages carry."""
    del started_outside  # goes on meanwhile

    def make(folder: Path) -> None:
        (folder / "name").write_text(build(engine, Variant(models="packages")))

    try:
        return (made_once(tmp_path_factory, "image", make) / "name").read_text()
    except NoBaseError as error:
        pytest.skip(f"{NOT_TESTED}: no base image: {error}")


@pytest.fixture(scope="session")
def service_image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of the API and the pages."""
    from image.service import build_service  # noqa: PLC0415 - needs node, which may be missing

    def make(folder: Path) -> None:
        (folder / "name").write_text(build_service(engine))

    try:
        return (made_once(tmp_path_factory, "service-image", make) / "name").read_text()
    except NoBaseError as error:
        pytest.skip(f"{NOT_TESTED}: no base image: {error}")


@pytest.fixture(scope="session")
def root(engine: Engine, image: str) -> Iterator[Path]:
    """The image's files, as a folder."""
    yield Path(output_of(engine, "image", "mount", image).strip())
    output_of(engine, "image", "unmount", image)


@pytest.fixture(scope="session")
def video() -> Path:
    """The sample of 43 s: two speakers, words and five cuts; the other where it was not made."""
    short = toolchain.MEDIA / "sample.mp4"
    return short if short.exists() else toolchain.sample_video()


@pytest.fixture(scope="session")
def started_outside(
    request: pytest.FixtureRequest,
    engine: Engine,
    video: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Future[Path] | None]:
    """What will be `outside`, if a test wants it: begun before the image is built, as both wait."""
    assert engine
    if not any("outside" in getattr(item, "fixturenames", ()) for item in request.session.items):
        yield None
        return
    tmp_path_factory.getbasetemp()  # made here: two threads must not
    with ThreadPoolExecutor(max_workers=1) as aside:
        make = partial(made_outside, video)
        yield aside.submit(made_once, tmp_path_factory, "outside", make)


@pytest.fixture(scope="session")
def outside(started_outside: Future[Path] | None) -> Path:
    """What the same code makes of the sample as a process of this machine."""
    assert started_outside is not None
    return started_outside.result() / "results"


def made_outside(video: Path, folder: Path) -> None:
    """Process the sample outside of any container; its results are in the folder."""
    with toolchain.start_cloud(state_dir=folder / "cloud") as cloud:
        deployed = Deployed(cloud, deploy.deploy(cloud, environment=ENVIRONMENT))
        job = finished(deployed, video)
        download_results(deployed, job, folder / "results")


@pytest.fixture(scope="session")
def inside(
    engine: Engine, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """The dev templates in a local cloud whose tasks are locked-down containers of the image.

    Their network has one address: the local cloud's.
    """
    with LonelyNetwork() as network:
        container = running.container(engine, image, network=f"ns:{network.path}")
        state_dir = tmp_path_factory.mktemp("inside")
        with toolchain.start_cloud(state_dir=state_dir, container=container) as cloud:
            port = urlsplit(cloud.endpoint_url).port
            assert port is not None
            network.open_to(port)
            yield Deployed(cloud, deploy.deploy(cloud, environment=ENVIRONMENT))
