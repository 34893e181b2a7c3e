"""Gap (1.5.33, upstream): Lambda acts in a role's name without the role's rights.

That is: polling the queue, deleting processed messages, logging, and sending events that failed to
their destination. A role that does not trust Lambda runs nothing.
"""

import threading
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import cloudwatch, cloudwatch_logs, lambda_svc, sqs

from local.emulator.patching import around
from local.emulator.permissions import keys, roles

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


def install() -> None:
    """Ask for the rights wherever Lambda uses a function's role."""
    _guard_mapping()
    _guard_polling()
    _guard_deleting()
    _guard_running()
    _guard_logging()
    _guard_destinations()


def configuration(function: Function) -> Mapping[str, Any]:
    """Return a function's configuration, of which the role is a part."""
    return function.get("config") or function


def polling_problem(role: str, queue_arn: str) -> str | None:
    """Return why a mapping cannot read its queue, else None."""
    for action in POLL_ACTIONS:
        if not keys.may(role, action, queue_arn):
            return PROBLEM.format(action=action)
    return None


def _guard_mapping() -> None:
    @around(lambda_svc, "_create_esm")
    def create(original: Any, request: dict[str, Any]) -> Any:
        name, source = request.get("FunctionName", ""), str(request.get("EventSourceArn", ""))
        _, config, _ = lambda_svc._get_func_record_for_ref(name)
        if ":sqs:" in source and config and not roles.may(config["Role"], POLL_ACTIONS[0], source):
            message = (
                "The function execution role does not have permissions to call ReceiveMessage on "
                "SQS"
            )
            return error_response_json(
                "InvalidParameterValueException", message, HTTPStatus.BAD_REQUEST
            )
        return original(request)


def _guard_polling() -> None:
    @around(lambda_svc, "_iter_all_esms")
    def permitted(original: Any) -> Iterator[tuple[str, str, Mapped]]:
        for account, region, mapping in original():
            source = mapping.get("EventSourceArn", "")
            function = lambda_svc._functions.get_scoped(account, region, mapping["FunctionName"])
            if ":sqs:" in source and function is not None:
                problem = polling_problem(configuration(function)["Role"], source)
                if problem:
                    mapping["LastProcessingResult"] = problem
                    continue
            yield account, region, mapping


def _guard_deleting() -> None:
    deleting = threading.local()

    @around(lambda_svc, "_run_sqs_batch")
    def run(original: Any, mapping: Mapped, function: Function, *rest: Any) -> None:
        deleting.role = configuration(function)["Role"]
        deleting.queue = mapping["EventSourceArn"]
        deleting.problem = None
        original(mapping, function, *rest)
        if deleting.problem:
            mapping["LastProcessingResult"] = deleting.problem

    @around(sqs, "_delete_messages_for_esm")
    def delete(original: Any, queue_url: str, receipts: set[str]) -> None:
        if roles.may(deleting.role, DELETE_ACTION, deleting.queue):
            original(queue_url, receipts)
        else:
            deleting.problem = PROBLEM.format(action=DELETE_ACTION)


def _guard_running() -> None:
    @around(lambda_svc, "_execute_function")
    def run(original: Any, function: Function, event: Any) -> Any:
        config = configuration(function)
        if not roles.is_trusting(config["Role"], SERVICE, config["FunctionArn"]):
            message = "The role defined for the function cannot be assumed by Lambda."
            body = {"errorMessage": message, "errorType": "AccessDeniedException"}
            return {"body": body, "error": True}
        return original(function, event)


def _guard_logging() -> None:
    @around(lambda_svc, "_emit_lambda_logs")
    def emit(original: Any, function: Function, *rest: Any, **more: Any) -> None:
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
    where = f"{get_region()}:{get_account_id()}"
    return name, f"arn:aws:logs:{where}:log-group:{name}:log-stream:any"


def _guard_destinations() -> None:
    @around(lambda_svc, "_route_async_failure")
    def send(original: Any, target_arn: str, name: str, *rest: Any) -> None:
        function = lambda_svc._functions.get(name)
        action = SEND_ACTIONS.get(target_arn.split(":")[2], "")
        if function is None or keys.may(configuration(function)["Role"], action, target_arn):
            original(target_arn, name, *rest)
        else:
            about = {"FunctionName": name}
            cloudwatch.record_metric("AWS/Lambda", SENDING_FAILED, 1, "Count", about)
