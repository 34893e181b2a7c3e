"""What holds for every test."""

import os
from typing import Any

import pytest
from hypothesis import settings

from tests.scheduling import ByDeployment

# How long one example takes says something about the machine, not about the code under test.
settings.register_profile("lifestream", deadline=None)
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
