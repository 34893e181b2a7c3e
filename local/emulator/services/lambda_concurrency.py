"""Gap (1.5.33, upstream): reservations of concurrency are dropped or exceed the account's.

A reservation must leave the account a minimum of unreserved concurrency: 100, or all of a limit
that is lower, as new accounts have it.
"""

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

from local.emulator.cloudformation.handlers import Properties, wrap
from local.emulator.patching import around

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


def reserve(name: str, reserved: Any) -> None:
    """Record a template's reservation, which ministack drops; 0 stops the function."""
    lambda_svc._functions[name]["concurrency"] = None if reserved is None else int(reserved)


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
    def put(original: Any, name: str, request: Mapping[str, Any]) -> Any:
        if message := refused(name, request.get("ReservedConcurrentExecutions")):
            return error_response_json("InvalidParameterValueException", message, 400)
        return original(name, request)

    def create(original: Any, logical_id: str, properties: Properties, stack: str) -> Any:
        name = str(properties.get("FunctionName") or "")
        reserved = properties.get("ReservedConcurrentExecutions")
        if message := refused(name, reserved):
            raise ValueError(message)
        created = original(logical_id, properties, stack)
        reserve(created[0], reserved)
        return created

    def update(original: Any, physical_id: str, old: Any, new: Any, *rest: Any, **more: Any) -> Any:
        reserved = new.get("ReservedConcurrentExecutions")
        if message := refused(physical_id, reserved):
            raise ValueError(message)
        updated = original(physical_id, old, new, *rest, **more)
        reserve(updated[0], reserved)
        return updated

    wrap("AWS::Lambda::Function", create=create, update=update)
