"""Permissions that ministack does not enforce, each gap closed by a module."""

from local.emulator import patching
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
    patching.apply(requests, keys, run_task)
    tasks.install(settings)
    patching.apply(agent, functions, load_balancers, rules, missing_objects)
