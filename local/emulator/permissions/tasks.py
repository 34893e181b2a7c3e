"""Gap (1.5.33, upstream): tasks run as administrator, and ECS needs no rights to start them.

ECS assumes the execution role to pull, read secrets and log, and a container gets temporary
credentials of the task role by its credentials endpoint, if the roles trust ECS.
"""

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs, imds

from local.emulator.patching import around
from local.emulator.permissions import roles
from local.emulator.settings import Settings
from local.images import repository_name

Definition = Mapping[str, Any]

SERVICE = "ecs-tasks.amazonaws.com"
LABEL = "com.amazonaws.ecs."
CREDENTIALS_PATH = "/v2/credentials/"
CREDENTIALS_VARIABLE = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN_VARIABLE = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105 a variable's name
WITHOUT_TLS = ("ECS_CONTAINER_METADATA_URI_V4", "ECS_AGENT_URI", CREDENTIALS_VARIABLE)
"""Where a container finds what the host itself answers, which never speaks TLS."""

ORIGIN = re.compile(r"^http://[^/]+")
PULL_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:GetDownloadUrlForLayer",
    "ecr:BatchGetImage",
)
"""With `ecr:GetAuthorizationToken`, what AWS's own policy for execution roles allows for images."""


@dataclass(frozen=True, slots=True)
class TaskRoles:
    """Which container may have credentials of which role, and whose name log lines are put in."""

    settings: Settings
    _by_id: dict[str, tuple[str, str]] = field(default_factory=dict)
    _loggers: dict[tuple[str, str], str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, environment: dict[str, str], definition: Definition) -> None:
        """Point a container's environment at this cloud, with credentials of its role or none."""
        enforcement = self.settings.enforcement
        environment["AWS_ENDPOINT_URL"] = self.settings.endpoint_url
        if enforcement is not None:
            environment["AWS_CA_BUNDLE"] = str(enforcement.certificate)
        for name in WITHOUT_TLS:
            environment[name] = ORIGIN.sub(self.settings.container_url, environment[name])
        role = definition.get("taskRoleArn")
        if role is None:
            del environment[CREDENTIALS_VARIABLE], environment[TOKEN_VARIABLE]
            return
        identifier = environment[CREDENTIALS_VARIABLE].rsplit("/", 1)[-1]
        with self._lock:
            self._by_id[identifier] = (environment[TOKEN_VARIABLE], role)

    def credentials(self, path: str, headers: Mapping[str, str]) -> dict[str, str] | None:
        """Return the answer of the credentials endpoint, None for an unknown caller."""
        with self._lock:
            token, role = self._by_id.get(path.rsplit("/", 1)[-1], ("", ""))
        if not token or headers.get("authorization") != token:
            return None
        return roles.session(role, "task")

    def logs_as(self, config: Mapping[str, Any], role: str) -> None:
        """Remember in which role's name a stream is written."""
        with self._lock:
            self._loggers[config["group"], config["stream"]] = role

    def may_log(self, config: Mapping[str, Any], action: str) -> bool:
        """Return whether ECS may write a stream."""
        with self._lock:
            role = self._loggers.get((config["group"], config["stream"]))
        return role is None or roles.may(role, action, stream_arn(config))


def stream_arn(config: Mapping[str, Any]) -> str:
    """Return the ARN of a log stream."""
    where = f"arn:aws:logs:{config['region'] or get_region()}:{get_account_id()}"
    return f"{where}:log-group:{config['group']}:log-stream:{config['stream']}"


def require_start(definition: Definition, container: Definition, task_arn: str) -> None:
    """Raise what ministack turns into ECS's reason for a task that could not be started."""
    for kind in ("taskRoleArn", "executionRoleArn"):
        role = definition.get(kind)
        if role and not roles.is_trusting(role, SERVICE, task_arn):
            raise ecs._SecretResolutionError(f"ECS was unable to assume the role '{role}'")
    if role := definition.get("executionRoleArn"):
        require_secrets(role, container)
        require_pull(role, str(container["image"]))


def require_pull(role: str, image: str) -> None:
    """Raise unless a role may pull an image of this account's registry."""
    where = f"arn:aws:ecr:{get_region()}:{get_account_id()}"
    try:
        roles.require(role, "ecr:GetAuthorizationToken", "*")
        for action in PULL_ACTIONS:
            roles.require(role, action, f"{where}:repository/{repository_name(image)}")
    except roles.NotAllowedError as error:
        raise ecs._ImagePullError(str(error)) from error


def require_secrets(role: str, container: Definition) -> None:
    """Raise unless a role may read a container's secrets and parameters."""
    try:
        for secret in container.get("secrets") or []:
            source = str(secret["valueFrom"])
            if ":secretsmanager:" in source:
                # A reference may go on to one of the secret's fields.
                arn = ":".join(source.split(":")[:7])
                roles.require(role, "secretsmanager:GetSecretValue", arn)
            else:
                where = f"arn:aws:ssm:{get_region()}:{get_account_id()}"
                name = source if source.startswith("arn:") else f"{where}:parameter{source}"
                roles.require(role, "ssm:GetParameters", name)
    except roles.NotAllowedError as error:
        raise ecs._SecretResolutionError(str(error)) from error


def install(settings: Settings) -> None:
    """Answer containers with credentials of their roles; start tasks by them, if enforced.

    S3 verifies presigned URLs whether permissions are enforced or not, so it must know the keys
    that a task signs with.
    """
    known = TaskRoles(settings)
    _give_credentials(known)
    if settings.enforcement is not None:
        _guard_start(known)
        _guard_logs(known)


def _give_credentials(known: TaskRoles) -> None:
    @around(ecs, "_register_metadata")
    def register_metadata(
        original: Any, arn: str, cluster: str, definition: Definition, *rest: Any
    ) -> Any:
        token = original(arn, cluster, definition, *rest)
        _container, _launch_type, environment, *_ = rest
        known.admit(environment, definition)
        return token

    @around(imds, "handle_request")
    async def answer(
        original: Any, method: str, path: str, headers: Mapping[str, str], *rest: Any
    ) -> Any:
        if not path.startswith(CREDENTIALS_PATH):
            return await original(method, path, headers, *rest)
        found = known.credentials(path, headers)
        status = HTTPStatus.NOT_FOUND if found is None else HTTPStatus.OK
        return status.value, {"Content-Type": "application/json"}, json.dumps(found or {}).encode()


def _guard_start(known: TaskRoles) -> None:
    @around(ecs, "_run_docker_container")
    def run(
        original: Any, client: Any, container: Definition, options: Mapping[str, Any], **more: Any
    ) -> Any:
        labels = options["labels"]
        family = labels[LABEL + "task-definition-family"]
        definition = ecs._task_defs[f"{family}:{labels[LABEL + 'task-definition-version']}"]
        task_arn = labels[LABEL + "task-arn"]
        require_start(definition, container, task_arn)
        task_id = task_arn.rsplit("/", 1)[-1]
        config = ecs._awslogs_config(container, task_id, task_id)
        if config is not None and definition.get("executionRoleArn"):
            known.logs_as(config, definition["executionRoleArn"])
        return original(client, container, options, **more)


def _guard_logs(known: TaskRoles) -> None:
    @around(ecs, "_ensure_awslogs_stream")
    def ensure(original: Any, config: Mapping[str, Any]) -> Any:
        if not known.may_log(config, "logs:CreateLogStream"):
            raise RuntimeError(
                "failed to validate logger args: failed to create CloudWatch log stream: "
                f"AccessDeniedException on {stream_arn(config)}"
            )
        return original(config)

    @around(ecs, "_emit_awslogs_event")
    def emit(original: Any, config: Mapping[str, Any], line: str) -> None:
        if known.may_log(config, "logs:PutLogEvents"):
            original(config, line)
