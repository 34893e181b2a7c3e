"""Gap (1.5.33, upstream): a queue may show messages again before its function times out."""

from collections.abc import Mapping
from typing import Any

from ministack.services import lambda_svc, sqs

from local.emulator.cloudformation.handlers import refuse
from local.emulator.patching import around, refusing

DEFAULT_TIMEOUT_SECONDS = 3


def refusal(request: Mapping[str, Any]) -> str | None:
    """Return why Lambda refuses to have a function read a queue, else None."""
    function, queue_arn = request.get("FunctionName", ""), request.get("EventSourceArn", "")
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
    around(lambda_svc, "_create_esm")(refusing("InvalidParameterValueException")(refusal))
    refuse("AWS::Lambda::EventSourceMapping", refusal)
