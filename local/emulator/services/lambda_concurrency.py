"""Gap (1.5.33, upstream): reservations of concurrency are dropped or exceed the account's.

A reservation must leave the account a minimum of unreserved concurrency: 100, or all of a limit
that is lower, as new accounts have it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import lambda_svc

from local.emulator.cloudformation.handlers import Create, Created, Properties, wrap
from local.emulator.patching import around, refusing

UNRESERVED_MINIMUM = 100


def refusal(wanted: int, others: int, limit: int) -> str | None:
    """Return why Lambda refuses to reserve `wanted` where other functions reserve `others`."""
    minimum = min(UNRESERVED_MINIMUM, limit)
    if limit - others - wanted >= minimum or not wanted:
        return None
    return (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        f"UnreservedConcurrentExecution below its minimum value of [{minimum}]."
    )


def install(limit: int) -> None:
    """Refuse the reservations of requests and of stacks; `limit` is the account's."""

    def refused(name: str, wanted: Any) -> str | None:
        others = (
            int(function.get("concurrency") or 0)
            for other, function in list(lambda_svc._functions.items())
            if other != name
        )
        return refusal(int(wanted or 0), sum(others), limit)

    @around(lambda_svc, "_put_function_concurrency")
    @refusing("InvalidParameterValueException")
    def put(name: str, request: Mapping[str, Any]) -> str | None:
        return refused(name, request.get("ReservedConcurrentExecutions"))

    def applied(wanted: Properties, name: str, change: Callable[[], Created]) -> Created:
        """Change a function of a stack, with the reservation that ministack drops."""
        reserved = wanted.get("ReservedConcurrentExecutions")
        if message := refused(name, reserved):
            raise ValueError(message)
        changed = change()
        # 0 stops the function.
        concurrency = None if reserved is None else int(reserved)
        lambda_svc._functions[changed[0]]["concurrency"] = concurrency
        return changed

    def create(original: Create, logical_id: str, properties: Properties, stack: str) -> Created:
        name = str(properties.get("FunctionName") or "")
        return applied(properties, name, lambda: original(logical_id, properties, stack))

    def update(original: Any, name: str, old: Any, new: Any, *rest: Any, **more: Any) -> Created:
        return applied(new, name, lambda: original(name, old, new, *rest, **more))

    wrap("AWS::Lambda::Function", create=create, update=update)
