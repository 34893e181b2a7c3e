"""Tasks on ECS: start one for a claimed attempt, find it again, stop it."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from runtime.aws.sdk_errors import error_code, http_status, is_throttle, typed_faults
from runtime.core.clock import Sleeper
from runtime.core.contract import PROCESSOR_CONTAINER_NAME, EnvVar
from runtime.core.jobs import CAPACITY, Job
from runtime.core.ports import (
    LaunchDelayedError,
    LaunchFailedError,
    LaunchUncertainError,
    RunningTask,
)

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_ecs.type_defs import RunTaskResponseTypeDef

ATTEMPTS = 2
PAUSE_SECONDS = 0.5
"""Before the second attempt; an account is limited to 20 RunTask calls a second."""

JOB_TAG = "lifestream:job_id"

THROTTLED = "launch.throttled"
"""What a job waits for when its task could not be started."""

_NO_CAPACITY = (
    "capacity is unavailable",
    "resource:",
    "reached the limit",
    "insufficient capacity",
)
"""What RunTask's failures and errors say, in lower case, when capacity or quota is exhausted."""

_QUOTA_CODES = frozenset({"LimitExceededException", "ServiceQuotaExceededException"})
_SERVER_ERROR = 500
_NEVER_SENT = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTarget:
    """Where processors run; `public_address` gives each task one, `execute_command` ECS Exec.

    `capacity_providers` are tried in order, as in `("FARGATE_SPOT", "FARGATE")`: the next one only
    when the one before has no capacity.
    """

    cluster: Annotated[str, EnvVar.ECS_CLUSTER_NAME]
    task_definition: Annotated[str, EnvVar.TASK_DEFINITION_ARN]
    subnet_ids: Annotated[tuple[str, ...], EnvVar.TASK_SUBNET_IDS]
    security_group_ids: Annotated[tuple[str, ...], EnvVar.TASK_SECURITY_GROUP_IDS]
    capacity_providers: Annotated[tuple[str, ...], EnvVar.CAPACITY_PROVIDERS]
    public_address: Annotated[bool, EnvVar.TASK_PUBLIC_ADDRESS] = False
    execute_command: Annotated[bool, EnvVar.TASK_EXECUTE_COMMAND] = False


class EcsTasks:
    """The tasks of one cluster."""

    def __init__(self, client: "ECSClient", cluster: str) -> None:
        self._client = client
        self._cluster = cluster

    def find(self, job: Job) -> str | None:
        """Return the ARN of the task of this job and attempt, if one has not stopped."""
        # ListTasks cannot combine startedBy with a status, so stopped tasks are not listed.
        with typed_faults(f"looking for the task of job {job.job_id}, attempt {job.attempt}"):
            arns = self._client.list_tasks(cluster=self._cluster, startedBy=started_by(job))[
                "taskArns"
            ]
        return arns[0] if arns else None

    def stop(self, task_arn: str, reason: str) -> bool:
        """Stop a task; False when it no longer exists. ECS keeps `reason` with the task."""
        with typed_faults(f"stopping task {task_arn}"):
            try:
                self._client.stop_task(cluster=self._cluster, task=task_arn, reason=reason)
            except ClientError as error:
                if error_code(error) == "InvalidParameterException" and "not found" in str(error):
                    return False
                raise
        return True


class EcsTaskLauncher:
    """Starts tasks by RunTask, idempotent by client token, and finds them by `startedBy`.

    The client must not retry: see `runtime.aws.clients.ecs`.
    """

    def __init__(self, client: "ECSClient", target: LaunchTarget, *, sleeper: Sleeper) -> None:
        self._client = client
        self._target = target
        self._sleeper = sleeper
        self._tasks = EcsTasks(client, target.cluster)

    def launch(self, job: Job) -> RunningTask:
        """Start a task for this job and attempt; idempotent.

        Raise `LaunchFailedError` only when no call can have started a task: a lost answer followed
        by a refusal is still `LaunchUncertainError`. It is `LaunchDelayedError` for want of
        capacity or quota on every provider, and for throttling.
        """
        *preferred, last = self._target.capacity_providers
        for provider in preferred:
            try:
                return self._launch_on(provider, job)
            except LaunchDelayedError as error:
                if error.code != CAPACITY:
                    raise
        return self._launch_on(last, job)

    def _launch_on(self, provider: str, job: Job) -> RunningTask:
        lost: LaunchUncertainError | None = None
        for left in reversed(range(ATTEMPTS)):
            try:
                return self._run_task(provider, job)
            except LaunchUncertainError as error:
                lost = error
                if not left:
                    raise
            except LaunchFailedError as error:
                if lost is not None:
                    raise lost from error
                if not left or not _is_throttled(error):
                    raise
            self._sleeper.sleep(PAUSE_SECONDS)
        raise AssertionError("the last attempt returns or raises")

    def find(self, job: Job) -> RunningTask | None:
        """Return the task started for this job and attempt, if one has not stopped."""
        arn = self._tasks.find(job)
        return RunningTask(task_arn=arn) if arn else None

    def _run_task(self, provider: str, job: Job) -> RunningTask:
        try:
            answer = self._client.run_task(**self._request(provider, job))
        except ClientError as error:
            existing: Any = error.response.get("resourceIds")
            if error_code(error) == "ConflictException" and existing:
                # The token was used with other parameters, as across a deployment. The named
                # task is this attempt's.
                return RunningTask(task_arn=existing[0])
            if error_code(error) == "ConflictException" or http_status(error) >= _SERVER_ERROR:
                raise LaunchUncertainError(str(error)) from error
            raise _refusal(error) from error
        except _NEVER_SENT as error:
            raise LaunchFailedError(str(error)) from error
        except BotoCoreError as error:
            raise LaunchUncertainError(str(error)) from error
        return _task(answer)

    def _request(self, provider: str, job: Job) -> dict[str, Any]:
        environment = {
            EnvVar.JOB_ID: job.job_id,
            EnvVar.JOB_ATTEMPT: str(job.attempt),
            EnvVar.S3_BUCKET: job.source.bucket,
            EnvVar.S3_KEY: job.source.key,
            EnvVar.S3_ETAG: job.source.etag,
        }
        return {
            "cluster": self._target.cluster,
            "taskDefinition": self._target.task_definition,
            "capacityProviderStrategy": [{"capacityProvider": provider, "weight": 1}],
            "count": 1,
            "clientToken": client_token(provider, job),
            "startedBy": started_by(job),
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": list(self._target.subnet_ids),
                    "securityGroups": list(self._target.security_group_ids),
                    "assignPublicIp": "ENABLED" if self._target.public_address else "DISABLED",
                }
            },
            "overrides": {
                "containerOverrides": [
                    {
                        "name": PROCESSOR_CONTAINER_NAME,
                        "environment": [
                            {"name": name, "value": value} for name, value in environment.items()
                        ],
                    }
                ]
            },
            "enableECSManagedTags": True,
            "enableExecuteCommand": self._target.execute_command,
            # The tags by which costs are reported are those of the task definition.
            "propagateTags": "TASK_DEFINITION",
            "tags": [{"key": JOB_TAG, "value": job.job_id}],
        }


def client_token(provider: str, job: Job) -> str:
    """Return RunTask's idempotency token of a job's attempt: 64 hex digits.

    One for each capacity provider, because a token cannot be reused with other parameters. The
    next provider is tried only after the one before has started nothing.
    """
    return hashlib.sha256(f"{job.job_id}/{job.attempt}/{provider}".encode()).hexdigest()


def started_by(job: Job) -> str:
    """Return the `startedBy` of a job's attempt: at most 128 characters of `A-Za-z0-9-_/`."""
    return f"{job.job_id}-{job.attempt}"


def _task(answer: "RunTaskResponseTypeDef") -> RunningTask:
    if answer["tasks"]:
        return RunningTask(task_arn=answer["tasks"][0]["taskArn"])
    reasons = "; ".join(
        " ".join(filter(None, (failure.get("reason"), failure.get("detail"))))
        for failure in answer["failures"]
    )
    text = f"RunTask started no task: {reasons or 'it gave no reason'}"
    raise (
        LaunchDelayedError(CAPACITY, text) if _lacks_capacity(reasons) else LaunchFailedError(text)
    )


def _refusal(error: ClientError) -> LaunchFailedError:
    if error_code(error) in _QUOTA_CODES or _lacks_capacity(str(error)):
        return LaunchDelayedError(CAPACITY, str(error))
    if is_throttle(error):
        return LaunchDelayedError(THROTTLED, str(error))
    return LaunchFailedError(str(error))


def _lacks_capacity(text: str) -> bool:
    return any(words in text.lower() for words in _NO_CAPACITY)


def _is_throttled(error: LaunchFailedError) -> bool:
    return isinstance(error, LaunchDelayedError) and error.code == THROTTLED
