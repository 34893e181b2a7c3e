"""What the doctor looks at, as plain values: no check sees an AWS answer. Times are seconds."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue. `dead_letter_arn` and `max_receives` are its redrive policy, None without one."""

    name: str
    arn: str
    visibility_seconds: int
    encrypted: bool
    messages: int
    dead_letter_arn: str | None = None
    max_receives: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table. `ttl_attribute` is None while items do not expire; `indexes` are the usable ones."""

    name: str
    status: str
    ttl_attribute: str | None
    point_in_time_recovery: bool
    deletion_protection: bool
    indexes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Where a bucket sends events of created objects, and of which keys."""

    queue_arn: str
    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket. `private` means that all four public access blocks are on."""

    name: str
    versioned: bool
    private: bool
    encrypted: bool
    notifications: tuple[Notification, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """A queue that invokes a function."""

    queue_arn: str
    enabled: bool
    reports_item_failures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function with its environment variables and event sources."""

    name: str
    handler: str
    state: str
    timeout_seconds: int
    variables: Mapping[str, str]
    role_arn: str
    sources: tuple[EventSource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The image of a task definition; `exists` is None if the registry cannot be asked."""

    uri: str
    exists: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """What the dispatcher starts."""

    arn: str
    active: bool
    image_uri: str
    role_arns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of workers. `scaled` is whether its number of tasks follows anything."""

    name: str
    status: str
    wanted: int
    running: int
    pending: int
    rollout_failed: bool
    scaled: bool
    task_definition_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role that something names."""

    arn: str
    exists: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A CloudWatch alarm and why it is in its state; `scales` if it moves tasks, not people."""

    name: str
    state: str
    reason: str
    scales: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An EventBridge rule: by schedule or by event pattern (JSON)."""

    name: str
    enabled: bool
    scheduled: bool
    pattern: str
    target_arns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """An ECS cluster."""

    name: str
    status: str
