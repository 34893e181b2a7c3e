"""Reads from environment variables whether and how this task can protect itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .agent_client import AgentClient
from .answers import Answer, NotApplicable, ProtectionClient
from .errors import ProtectionSettingError
from .ports import ActionLog

ECS_ENABLE_TASK_PROTECTION = "ECS_ENABLE_TASK_PROTECTION"
ECS_AGENT_URI = "ECS_AGENT_URI"
ECS_CLUSTER_NAME = "ECS_CLUSTER_NAME"
ECS_TASK_ARN = "ECS_TASK_ARN"
AWS_REGION = "AWS_REGION"

DEFAULT_REGION = "us-east-1"
_SWITCH = {"": None, "true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionEnvironment:
    """The variables of protection, None where not set; `switch` None means: if in ECS."""

    switch: bool | None
    agent_uri: str | None
    cluster: str | None
    task_arn: str | None
    region: str

    @property
    def required(self) -> bool:
        """Whether a worker must not run without protection."""
        return self.in_ecs and self.switch is not False

    @property
    def in_ecs(self) -> bool:
        """Whether this task can reach ECS."""
        return self.agent_uri is not None or self.task_arn is not None


@dataclass(frozen=True, slots=True)
class ApiTarget:
    """The task's identity for the ECS API."""

    cluster: str
    task_arn: str
    region: str


class NoClient:
    """A client whose every answer is `NotApplicable`."""

    def __init__(self, why: str) -> None:
        self._answer = NotApplicable(why)

    def enable(self, minutes: int) -> Answer:  # noqa: ARG002 - the port's signature
        """Return `NotApplicable`."""
        return self._answer

    def disable(self) -> Answer:
        """Return `NotApplicable`."""
        return self._answer

    def read(self) -> Answer:
        """Return `NotApplicable`."""
        return self._answer


def read_protection_environment(environ: Mapping[str, str]) -> ProtectionEnvironment:
    """Read the variables; raise `ProtectionSettingError` for an invalid value."""
    switch = environ.get(ECS_ENABLE_TASK_PROTECTION, "").strip().lower()
    if switch not in _SWITCH:
        raise _wrong(ECS_ENABLE_TASK_PROTECTION, switch, "true, false or nothing")
    agent_uri = environ.get(ECS_AGENT_URI) or None
    if agent_uri is not None:
        parts = urlsplit(agent_uri)
        if parts.scheme != "http" or not parts.hostname:
            raise _wrong(ECS_AGENT_URI, agent_uri, "the http:// URI that the agent sets")
    return ProtectionEnvironment(
        switch=_SWITCH[switch],
        agent_uri=agent_uri,
        cluster=environ.get(ECS_CLUSTER_NAME) or None,
        task_arn=environ.get(ECS_TASK_ARN) or None,
        region=environ.get(AWS_REGION) or DEFAULT_REGION,
    )


def choose_client(
    environment: ProtectionEnvironment,
    *,
    make_api_client: Callable[[ApiTarget], ProtectionClient],
    log: ActionLog,
) -> ProtectionClient:
    """Return the agent's client, else the API's, else `NoClient`; log the choice.

    Raise `ProtectionSettingError` if protection is switched on without a way to ECS, or half
    configured.
    """
    if environment.switch is False:
        log.info("protection.off", why=f"{ECS_ENABLE_TASK_PROTECTION} is false")
        return NoClient("it is switched off")
    task = {name: getattr(environment, name) for name in ("cluster", "task_arn", "region")}
    if environment.agent_uri is not None:
        log.info("protection.by_agent", **task)
        return AgentClient(environment.agent_uri)
    if environment.task_arn is not None:
        if environment.cluster is None:
            raise _wrong(ECS_CLUSTER_NAME, "", "the cluster of the task in ECS_TASK_ARN")
        log.info("protection.by_api", **task)
        return make_api_client(
            ApiTarget(environment.cluster, environment.task_arn, environment.region)
        )
    if environment.switch:
        raise ProtectionSettingError(
            "protection.no_way_to_ecs",
            f"{ECS_ENABLE_TASK_PROTECTION} is true, but neither {ECS_AGENT_URI} nor "
            f"{ECS_TASK_ARN} is set.",
            f"Run in an ECS task, set {ECS_CLUSTER_NAME} and {ECS_TASK_ARN}, or set "
            f"{ECS_ENABLE_TASK_PROTECTION} to false.",
        )
    log.info("protection.off", why="not running in ECS")
    return NoClient("this process does not run in ECS")


def _wrong(name: str, value: str, allowed: str) -> ProtectionSettingError:
    return ProtectionSettingError(
        "protection.bad_environment",
        f"Environment variable {name} is {value!r}.",
        f"It must be {allowed}.",
    )
