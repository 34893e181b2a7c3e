"""Gap (1.5.33, upstream): a queue may show messages again before its function times out."""

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc, sqs

from local.emulator.cloudformation.handlers import Properties, wrap
from local.emulator.patching import around

DEFAULT_TIMEOUT_SECONDS = 3


def refusal(function: str, queue_arn: str) -> str | None:
    """Return why Lambda refuses to have a function read a queue, else None."""
    queue = sqs._queue_by_arn(queue_arn) if ":sqs:" in queue_arn else None
    _, config, _ = lambda_svc._get_func_record_for_ref(function)
    if queue is None or not config:
        return None
    visibility = int(queue["attributes"]["VisibilityTimeout"])
    timeout = int(config.get("Timeout") or DEFAULT_TIMEOUT_SECONDS)
    if visibility >= timeout:
        return None
    return (
        f"Queue visibility timeout: {visibility} seconds is less than Function timeout: "
        f"{timeout} seconds"
    )


def install() -> None:
    """Check the event source mappings of requests and of stacks."""

    @around(lambda_svc, "_create_esm")
    def create(original: Any, request: Mapping[str, Any]) -> Any:
        message = refusal(request.get("FunctionName", ""), request.get("EventSourceArn", ""))
        if message:
            return error_response_json("InvalidParameterValueException", message, 400)
        return original(request)

    def create_in_stack(original: Any, logical_id: str, given: Properties, stack: str) -> Any:
        message = refusal(given.get("FunctionName", ""), given.get("EventSourceArn", ""))
        if message:
            raise ValueError(message)
        return original(logical_id, given, stack)

    wrap("AWS::Lambda::EventSourceMapping", create=create_in_stack)
