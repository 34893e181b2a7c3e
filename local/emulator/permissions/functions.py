"""Gap (1.5.33, upstream): Lambda acts in a role's name without the role's rights.

That is: polling the queue, deleting processed messages, logging, and sending events that failed to
their destination. A role that does not trust Lambda runs nothing.
"""

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc, sqs

from local.emulator.patching import patch, refusing
from local.emulator.permissions import keys, roles
from local.emulator.permissions.requests import arn

Function = Mapping[str, Any]
Mapped = dict[str, Any]

SERVICE = "lambda.amazonaws.com"
POLL_ACTIONS = ("sqs:ReceiveMessage", "sqs:GetQueueAttributes")
DELETE_ACTION = "sqs:DeleteMessage"
CREATE_GROUP = "logs:CreateLogGroup"
LOG_ACTIONS = ("logs:CreateLogStream", "logs:PutLogEvents")
PROBLEM = "PROBLEM: the function's role may not {action}"

SENDING_FAILED = "DestinationDeliveryFailures"
"""The metric of events that could not be sent to their destination."""

SEND_ACTIONS = {"sqs": "sqs:SendMessage", "sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}

_deleting = threading.local()


def configuration(function: Function) -> Mapping[str, Any]:
    """Return a function's configuration, of which the role is a part."""
    return function.get("config") or function


def polling_problem(role: str, queue_arn: str) -> str | None:
    """Return why a mapping cannot read its queue, else None."""
    for action in POLL_ACTIONS:
        if not keys.may(role, action, queue_arn):
            return PROBLEM.format(action=action)
    return None


@patch(lambda_svc, "_create_esm")
@refusing("InvalidParameterValueException")
def cannot_receive(request: Mapping[str, Any]) -> str | None:
    """Refuse to map a queue that the function's role cannot read."""
    name, source = request.get("FunctionName", ""), str(request.get("EventSourceArn", ""))
    _, config, _ = lambda_svc._get_func_record_for_ref(name)
    if ":sqs:" not in source or not config or roles.may(config["Role"], POLL_ACTIONS[0], source):
        return None
    return "The function execution role does not have permissions to call ReceiveMessage on SQS"


@patch(lambda_svc, "_iter_all_esms")
def permitted(original: Any) -> Iterator[tuple[str, str, Mapped]]:
    """Poll only the queues that the functions' roles can read."""
    for account, region, mapping in original():
        source = mapping.get("EventSourceArn", "")
        function = lambda_svc._functions.get_scoped(account, region, mapping["FunctionName"])
        if ":sqs:" in source and function is not None:
            problem = polling_problem(configuration(function)["Role"], source)
            if problem:
                mapping["LastProcessingResult"] = problem
                continue
        yield account, region, mapping


@patch(lambda_svc, "_run_sqs_batch")
def run_batch(original: Any, mapping: Mapped, function: Function, *rest: Any) -> None:
    """Note whose role deletes the messages of a batch, and that it may not."""
    _deleting.role = configuration(function)["Role"]
    _deleting.queue = mapping["EventSourceArn"]
    _deleting.problem = None
    original(mapping, function, *rest)
    if _deleting.problem:
        mapping["LastProcessingResult"] = _deleting.problem


@patch(sqs, "_delete_messages_for_esm")
def delete(original: Any, queue_url: str, receipts: set[str]) -> None:
    """Delete processed messages only in the name of a role that may."""
    if roles.may(_deleting.role, DELETE_ACTION, _deleting.queue):
        original(queue_url, receipts)
    else:
        _deleting.problem = PROBLEM.format(action=DELETE_ACTION)


@patch(lambda_svc, "_execute_function")
def run(original: Any, function: Function, event: Any) -> Any:
    """Run a function only if its role trusts Lambda."""
    config = configuration(function)
    if not roles.is_trusting(config["Role"], SERVICE, config["FunctionArn"]):
        message = "The role defined for the function cannot be assumed by Lambda."
        body = {"errorMessage": message, "errorType": "AccessDeniedException"}
        return {"body": body, "error": True}
    return original(function, event)


@patch(lambda_svc, "_emit_lambda_logs")
def emit(original: Any, function: Function, *rest: Any, **more: Any) -> None:
    """Log only what the function's role may log."""
    config = configuration(function)
    name, stream = log_stream(config)
    # Lambda makes a group that is missing, if the role may.
    missing = name not in cloudwatch_logs._log_groups
    actions = (*([CREATE_GROUP] if missing else []), *LOG_ACTIONS)
    if all(roles.may(config["Role"], action, stream) for action in actions):
        original(function, *rest, **more)


def log_stream(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name of a function's log group, and the ARN of a stream in it."""
    group = (config.get("LoggingConfig") or {}).get("LogGroup")
    name = group or f"/aws/lambda/{config['FunctionName']}"
    return name, arn("logs", f"log-group:{name}:log-stream:any")


@patch(lambda_svc, "_route_async_failure")
def send(original: Any, target_arn: str, name: str, *rest: Any) -> None:
    """Send an event that failed only where the function's role may."""
    function = lambda_svc._functions.get(name)
    action = SEND_ACTIONS.get(target_arn.split(":")[2], "")
    if function is None or keys.may(configuration(function)["Role"], action, target_arn):
        original(target_arn, name, *rest)
    else:
        about = {"FunctionName": name}
        cloudwatch.record_metric("AWS/Lambda", SENDING_FAILED, 1, "Count", about)
