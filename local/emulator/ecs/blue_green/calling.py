"""Gap (1.5.33, upstream): services deploy rolling only; calls the functions of lifecycle hooks."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import lambda_svc

from local.emulator.ecs.blue_green.hooks import Hook, HookRunner, payload
from runtime.core.clock import MonotonicClock


def call(hook: Hook, event: Mapping[str, Any]) -> Any:
    """Call a hook's function and return its answer; raise `LookupError` without the function."""
    target = str(hook["hookTargetArn"])
    function, config, _name = lambda_svc._get_func_record_for_ref(target)
    if not function or not config:
        raise LookupError(f"Function not found: {target}")
    details = hook.get("hookDetails")
    given = {**event, **({"hookDetails": details} if details else {})}
    found = lambda_svc._execution_record_for_config(function, config)
    return payload(lambda_svc._execute_function_with_config_scope(found, given))


def in_background(run: Callable[[], None]) -> None:
    """Run something on a thread of its own, in the same account and region."""
    account, region = get_account_id(), get_region()

    def scoped() -> None:
        with request_scope(account, region):
            run()

    spawn_background(scoped, thread_name="lifecycle-hook")


def runner(clock: MonotonicClock) -> HookRunner:
    """Return what calls lifecycle hooks."""
    return HookRunner(call, clock, in_background)
