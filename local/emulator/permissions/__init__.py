"""Permissions that ministack does not enforce, each gap closed by a module."""

from local.emulator.permissions import (
    agent,
    functions,
    keys,
    load_balancers,
    missing_objects,
    requests,
    rules,
    run_task,
    tasks,
)
from local.emulator.settings import Settings


def install(settings: Settings) -> None:
    """Close the gaps, if permissions are enforced at all; without, tasks get credentials only."""
    if settings.enforcement is None:
        tasks.install(settings)
        return
    requests.install()
    keys.install()
    run_task.install()
    tasks.install(settings)
    agent.install()
    functions.install()
    load_balancers.install()
    rules.install()
    missing_objects.install()
