"""Gap (1.5.33, local): RunTask needs a Docker daemon; a container's place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs

DEFAULT_STOP_TIMEOUT_SECONDS = 30.0
"""ECS's default `stopTimeout`."""

LABEL = "com.amazonaws.ecs."


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A container about to start. `scratch` is its new folder, `name` unique on this machine."""

    name: str
    container: Mapping[str, Any]
    task: Mapping[str, Any]
    task_id: str
    scratch: Path

    @property
    def stop_timeout_seconds(self) -> float:
        """How long it may take to stop after SIGTERM."""
        return float(self.container.get("stopTimeout") or DEFAULT_STOP_TIMEOUT_SECONDS)

    @property
    def memory_mib(self) -> int | None:
        """The memory it may take: its own hard limit, else its task's."""
        limit = self.container.get("memory") or self.task.get("memory")
        return None if limit is None else int(limit)

    @property
    def mounted_paths(self) -> list[str]:
        """Where its volumes are mounted."""
        return [m["containerPath"] for m in self.container.get("mountPoints") or []]


def labelled(labels: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """Return the task definition and the task's ARN that a container's labels name."""
    family, version = (labels[f"{LABEL}task-definition-{each}"] for each in ("family", "version"))
    return ecs._task_defs[f"{family}:{version}"], labels[LABEL + "task-arn"]


def place(name: str, labels: Mapping[str, str], tasks_dir: Path) -> Placement:
    """Return the placement that a container's labels ask for, with its folder made."""
    task, task_arn = labelled(labels)
    wanted = labels[LABEL + "container-name"]
    container = next(c for c in task["containerDefinitions"] if c["name"] == wanted)
    task_id = task_arn.rsplit("/", 1)[-1]
    scratch = tasks_dir / f"{task_id}-{wanted}"
    scratch.mkdir(parents=True)
    return Placement(name=name, container=container, task=task, task_id=task_id, scratch=scratch)


def log_stream(placement: Placement) -> Callable[[str], None]:
    """Return where a container's lines go: its awslogs stream, which must have a log group."""
    config = ecs._awslogs_config(placement.container, placement.task_id, placement.task_id)
    if config is None:
        return lambda _line: None
    account, region = get_account_id(), config["region"] or get_region()
    with request_scope(account, region):
        if not ecs._ensure_awslogs_stream(config):
            raise RuntimeError(
                f"failed to validate logger args: the log group {config['group']} does not exist"
            )

    def put(line: str) -> None:
        with request_scope(account, region):
            ecs._emit_awslogs_event(config, line)

    return put
