"""What holds for every test."""

import gc
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.scheduling import ByDeployment
from tests.selection import is_left_out

# Half a million objects are made while files are imported, and stay: looking through them for
# garbage, then and during the tests, would take a tenth of the processor time.
gc.disable()

# How long one example takes says something about the machine, not about the code under test.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The same examples each time: a change is judged by itself, not by what was drawn this time.
settings.register_profile("lifestream", settings.get_profile("explore"), derandomize=True)
settings.load_profile("lifestream")

MOST_PROCESSES = 8
BY_FILE = "loadfile"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use every core; one process more where tests mostly wait for what runs in others."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    waiting: bool = config.getoption("dist") == BY_FILE
    return min((cores or 1) + waiting, MOST_PROCESSES)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the files of a folder together where they share what is deployed for all of them."""
    if config.getoption("dist") != BY_FILE:
        return None
    return ByDeployment(config, log)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import files whose tests `-m` leaves out: many of them need large libraries."""
    expression: str = config.getoption("markexpr")
    if not expression or not (collection_path.is_dir() or collection_path.suffix == ".py"):
        return None
    return is_left_out(collection_path, expression) or None


def pytest_collection_finish() -> None:
    """Collect garbage from here on, without what was imported."""
    gc.freeze()
    gc.enable()


SLOW_FOLDERS = {"e2e", "image", "integration"}  # `make check` does not even import them
SLOW_MARKS = {"cloud", "deployments", "e2e", "image"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test of a slow folder that bears no mark: no command would run it."""
    for item in items:
        folders = item.path.relative_to(item.config.rootpath / "tests").parts[:1]
        if SLOW_FOLDERS.intersection(folders) and not any(map(item.get_closest_marker, SLOW_MARKS)):
            raise pytest.UsageError(f"{item.nodeid}: mark it as one of {sorted(SLOW_MARKS)}")
