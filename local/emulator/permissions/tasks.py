"""Gap (1.5.33, upstream): tasks run as administrator, and ECS needs no rights to start them.

ECS assumes the execution role to pull, read secrets and log, and a container gets temporary
credentials of the task role by its credentials endpoint, if the roles trust ECS.
"""

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ecs, imds

from local.emulator.containers.placement import labelled
from local.emulator.patching import around
from local.emulator.permissions import roles
from local.emulator.permissions.requests import arn
from local.emulator.settings import Settings
from local.images import repository_name

Definition = Mapping[str, Any]

SERVICE = "ecs-tasks.amazonaws.com"
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
        require(role, secret_rights(container), ecs._SecretResolutionError)
        require(role, pull_rights(str(container["image"])), ecs._ImagePullError)


def require(role: str, rights: Iterable[tuple[str, str]], error: type[Exception]) -> None:
    """Raise an error unless a role has rights, each an action and its resource."""
    try:
        for action, resource in rights:
            roles.require(role, action, resource)
    except roles.NotAllowedError as denied:
        raise error(str(denied)) from denied


def pull_rights(image: str) -> Iterator[tuple[str, str]]:
    """Yield what it takes to pull an image of this account's registry."""
    yield "ecr:GetAuthorizationToken", "*"
    for action in PULL_ACTIONS:
        yield action, arn("ecr", f"repository/{repository_name(image)}")


def secret_rights(container: Definition) -> Iterator[tuple[str, str]]:
    """Yield what it takes to read a container's secrets and parameters."""
    for secret in container.get("secrets") or []:
        source = str(secret["valueFrom"])
        if ":secretsmanager:" in source:
            # A reference may go on to one of the secret's fields.
            yield "secretsmanager:GetSecretValue", ":".join(source.split(":")[:7])
        else:
            name = source if source.startswith("arn:") else arn("ssm", f"parameter{source}")
            yield "ssm:GetParameters", name


def install(settings: Settings) -> None:
    """Answer containers with credentials of their roles; start tasks by them, if enforced.

    S3 verifies presigned URLs whether permissions are enforced or not, so it must know the keys
    that a task signs with.
    """
    known = TaskRoles(settings)

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

    if settings.enforcement is not None:
        _guard(known)


def _guard(known: TaskRoles) -> None:
    @around(ecs, "_run_docker_container")
    def run(
        original: Any, client: Any, container: Definition, options: Mapping[str, Any], **more: Any
    ) -> Any:
        definition, task_arn = labelled(options["labels"])
        require_start(definition, container, task_arn)
        task_id = task_arn.rsplit("/", 1)[-1]
        config = ecs._awslogs_config(container, task_id, task_id)
        if config is not None and definition.get("executionRoleArn"):
            known.logs_as(config, definition["executionRoleArn"])
        return original(client, container, options, **more)

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
