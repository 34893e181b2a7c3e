"""Scale-in protection of a task by the ECS API, for tasks without the agent's endpoint."""

from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)

from .agent_client import parse_date
from .answers import (
    PERMANENT_CODES,
    Answer,
    Failed,
    Protected,
    Refused,
    Unprotected,
)
from .environment import ApiTarget

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient

_SERVER_ERROR = 500
_ONCE = Config(connect_timeout=4, read_timeout=5, retries={"total_max_attempts": 1})
_NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError, NoCredentialsError)


def connect(target: ApiTarget) -> "EcsProtectionClient":
    """Return a client for the task whose calls are made once and take seconds at most."""
    return EcsProtectionClient(
        client=boto3.client("ecs", region_name=target.region, config=_ONCE),
        cluster=target.cluster,
        task_arn=target.task_arn,
    )


class EcsProtectionClient:
    """`ProtectionClient` by UpdateTaskProtection and GetTaskProtection.

    The SDK client must not retry, because the lease decides when to call again.
    """

    def __init__(self, *, client: "ECSClient", cluster: str, task_arn: str) -> None:
        self._client = client
        self._cluster = cluster
        self._task_arn = task_arn

    def enable(self, minutes: int) -> Answer:
        """Protect for whole minutes from now."""
        return self._answer(
            lambda: self._client.update_task_protection(
                cluster=self._cluster,
                tasks=[self._task_arn],
                protectionEnabled=True,
                expiresInMinutes=minutes,
            ),
            wanted=True,
        )

    def disable(self) -> Answer:
        """Stop protecting."""
        return self._answer(
            lambda: self._client.update_task_protection(
                cluster=self._cluster, tasks=[self._task_arn], protectionEnabled=False
            ),
            wanted=False,
        )

    def read(self) -> Answer:
        """Return the current protection."""
        return self._answer(
            lambda: self._client.get_task_protection(cluster=self._cluster, tasks=[self._task_arn]),
            wanted=None,
        )

    def _answer(self, call: Any, *, wanted: bool | None) -> Answer:
        try:
            answer = call()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "Unknown"))
            status: Any = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return Failed(
                code,
                str(error),
                uncertain=status >= _SERVER_ERROR,
                permanent=code in PERMANENT_CODES,
            )
        except BotoCoreError as error:
            return Failed(
                type(error).__name__,
                str(error),
                uncertain=not isinstance(error, _NEVER_SENT),
                permanent=isinstance(error, NoCredentialsError),
            )
        return _parse(answer, wanted=wanted)


def _parse(response: Any, *, wanted: bool | None) -> Answer:
    for failure in response.get("failures", []):
        return Refused(failure.get("reason", "UNKNOWN"), failure.get("detail"))
    tasks = response.get("protectedTasks", [])
    if len(tasks) != 1:
        return Failed("no_task_in_answer", f"{len(tasks)} tasks were answered", uncertain=True)
    enabled = tasks[0].get("protectionEnabled", False)
    if wanted is not None and enabled is not wanted:
        return Failed("contradiction", f"asked for {wanted}, it answered {enabled}", uncertain=True)
    if not enabled:
        return Unprotected()
    if "expirationDate" not in tasks[0]:
        return Failed("no_expiry_in_answer", "protected, but until when?", uncertain=True)
    date = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return Protected(tasks[0]["expirationDate"].timestamp(), parse_date(date))
