"""Gap (1.5.33, upstream): a missing log group is created although the function's role may not.

A function that ran while its stack was deleted would leave a group behind.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs, iam, lambda_svc

from local.emulator.patching import patch
from local.emulator.permissions import roles
from local.emulator.permissions.functions import CREATE_GROUP, configuration, log_stream


def is_written(
    *, group_exists: bool, function_exists: bool, may_create_groups: Callable[[], bool]
) -> bool:
    """Return whether Lambda writes a function's lines, creating the group if it is missing."""
    return group_exists or (function_exists and may_create_groups())


@patch(lambda_svc, "_emit_lambda_logs")
def emit(original: Any, function: dict[str, Any], *rest: Any, **more: Any) -> None:
    """Drop the lines of a function whose group is gone, if its role may not create groups."""
    config = configuration(function)
    name, stream = log_stream(config)
    role = config["Role"]
    if is_written(
        group_exists=name in cloudwatch_logs._log_groups,
        function_exists=config["FunctionName"] in lambda_svc._functions,
        # Functions may name a role that IAM here does not know.
        may_create_groups=lambda: (
            roles.name_of(role) not in iam._roles or roles.may(role, CREATE_GROUP, stream)
        ),
    ):
        original(function, *rest, **more)
