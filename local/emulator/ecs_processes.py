"""Gap: RunTask needs a Docker daemon. Closed by a daemon of ours that starts local processes.

ministack drives containers through the Docker SDK's objects; `ProcessDaemon` offers the few of
them that it uses. Log lines go straight to the container's awslogs stream.
"""

import contextlib
import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs

from local.emulator import task_container
from local.emulator.settings import HOST, Settings
from local.emulator.task_environment import container_environment, declared_environment
from local.emulator.task_process import TaskProcess
from local.images import Image, Images

DEFAULT_STOP_TIMEOUT_SECONDS = 30.0
"""ECS's default `stopTimeout`."""

LABEL = "com.amazonaws.ecs."
NOT_STARTED_EXIT_CODE = 1


class NoSuchContainerError(Exception):
    """The daemon has no container of that id."""


class TaskContainer:
    """A container as ministack sees one; `stop_timeout_seconds` is the task definition's."""

    def __init__(
        self, process: TaskProcess, *, scratch: Path, name: str, stop_timeout_seconds: float
    ) -> None:
        """Wrap a started process; `scratch` is removed with the container."""
        self.id = uuid.uuid4().hex * 2
        self.name = name
        self.attrs = {"NetworkSettings": {"Networks": {"local": {"IPAddress": HOST}}}}
        self._process = process
        self._scratch = scratch
        self._stop_timeout_seconds = stop_timeout_seconds

    @property
    def reason(self) -> str | None:
        """Why it ended, where ECS would say so beside the exit code."""
        return task_container.reason(self._scratch)

    @property
    def status(self) -> str:
        """`exited` once the exit code is there and every log line is in its stream."""
        return "exited" if self._process.finished else "running"

    def reload(self) -> None:
        """Do nothing: `status` is always current."""

    def wait(self) -> dict[str, int]:
        """Wait for the end and return the exit code as Docker does."""
        self._process.wait()
        code = self._process.exit_code
        return {"StatusCode": NOT_STARTED_EXIT_CODE if code is None else code}

    def logs(self, **_: Any) -> bytes:
        """Return nothing: lines are delivered as they come, not kept."""
        return b""

    def stop(self, **_: Any) -> None:
        """Stop as ECS does: SIGTERM, then SIGKILL after the task definition's `stopTimeout`."""
        self._process.stop(self._stop_timeout_seconds)

    def kill(self) -> None:
        """Kill it without waiting."""
        self._process.kill()

    def remove(self, **_: Any) -> None:
        """Kill what still runs and remove the scratch folder."""
        self.kill()
        self._process.wait()
        shutil.rmtree(self._scratch, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class ContainerRegistry:
    """The daemon's containers."""

    images: Images
    tasks_dir: Path
    _by_id: dict[str, TaskContainer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self) -> tuple[TaskContainer, ...]:
        """Return every container that was started."""
        return tuple(self._by_id.values())

    def get(self, container_id: str) -> TaskContainer:
        """Return a container; raise `NoSuchContainerError`."""
        found = self._by_id.get(container_id)
        if found is None:
            raise NoSuchContainerError(container_id)
        return found

    def run(
        self,
        image: str,
        *,
        command: list[str] | None = None,
        environment: dict[str, str],
        labels: dict[str, str],
        name: str,
        **_: Any,
    ) -> TaskContainer:
        """Start a container's command. Other options of Docker mean nothing to a process."""
        found = self.images.find(image)
        if found is None:
            raise ecs._ImagePullError(
                f"pull image manifest: no local image stands for {image}; see local/images.py"
            )
        start = self._start if found.container is None else self._start_container
        container = start(found, command or [], environment, labels, name)
        with self._lock:
            self._by_id[container.id] = container
        return container

    def _place(self, labels: dict[str, str]) -> tuple[dict[str, Any], str, Path]:
        """Return a container's definition, its task's id, and a new folder of its own."""
        definition = container_definition(labels)
        task_id = labels[LABEL + "task-arn"].rsplit("/", 1)[-1]
        scratch = self.tasks_dir / f"{task_id}-{definition['name']}"
        scratch.mkdir(parents=True)
        return definition, task_id, scratch

    def _start(
        self,
        image: Image,
        command: list[str],
        environment: dict[str, str],
        labels: dict[str, str],
        name: str,
    ) -> TaskContainer:
        container, task_id, scratch = self._place(labels)
        process = TaskProcess(
            [*container.get("entryPoint", []), *command] or list(image.command),
            environment=container_environment(
                environment,
                image=image,
                region=get_region(),
                endpoint_host=HOST,
                scratch=scratch,
                mounted_paths=[m["containerPath"] for m in container.get("mountPoints") or []],
            ),
            working_directory=scratch,
            on_line=log_stream(container, task_id),
        )
        return TaskContainer(
            process,
            scratch=scratch,
            name=name,
            stop_timeout_seconds=float(
                container.get("stopTimeout") or DEFAULT_STOP_TIMEOUT_SECONDS
            ),
        )

    def _start_container(
        self,
        image: Image,
        command: list[str],
        environment: dict[str, str],
        labels: dict[str, str],
        name: str,
    ) -> TaskContainer:
        definition, task_id, scratch = self._place(labels)
        process = task_container.start(
            image,
            name=name,
            command=command,
            environment=declared_environment(environment, region=get_region(), endpoint_host=HOST),
            definition=definition,
            memory_mib=memory_mib(definition, task_definition(labels)),
            folder=scratch,
            on_line=log_stream(definition, task_id),
        )
        return TaskContainer(
            process,
            scratch=scratch,
            name=name,
            stop_timeout_seconds=float(
                definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT_SECONDS
            ),
        )


def container_definition(labels: dict[str, str]) -> dict[str, Any]:
    """Return the container definition that a container's labels name."""
    containers: list[dict[str, Any]] = task_definition(labels)["containerDefinitions"]
    return next(c for c in containers if c["name"] == labels[LABEL + "container-name"])


def task_definition(labels: dict[str, str]) -> dict[str, Any]:
    """Return the task definition that a container's labels name."""
    family = labels[LABEL + "task-definition-family"]
    revision = labels[LABEL + "task-definition-version"]
    found: dict[str, Any] = ecs._task_defs[f"{family}:{revision}"]
    return found


def memory_mib(container: dict[str, Any], task: dict[str, Any]) -> int | None:
    """Return the memory that a container may take: its own hard limit, else its task's."""
    limit = container.get("memory") or task.get("memory")
    return None if limit is None else int(limit)


def log_stream(container: dict[str, Any], task_id: str) -> Callable[[str], None]:
    """Return where a container's lines go: its awslogs stream, which must have a log group."""
    config = ecs._awslogs_config(container, task_id, task_id)
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


@dataclass(frozen=True, slots=True)
class LocalImage:
    """What Docker would know of an image."""

    id: str

    def tag(self, *_: Any, **__: Any) -> bool:
        """Accept any tag: an image is found by its repository alone."""
        return True


@dataclass(frozen=True, slots=True)
class ImageRegistry:
    """The images a service deployment resolves before it starts tasks."""

    images: Images

    def get(self, uri: str, **_: Any) -> LocalImage:
        """Return the image; raise `LookupError`."""
        found = self.images.find(uri)
        if found is None:
            raise LookupError(f"no local image stands for {uri}")
        return LocalImage("sha256:" + found.repository_prefix.encode().hex().zfill(64)[:64])

    get_registry_data = get
    pull = get


class ProcessDaemon:
    """The Docker client that ministack is given."""

    def __init__(self, settings: Settings) -> None:
        """Start with no container; leftovers of an earlier emulator are removed."""
        shutil.rmtree(settings.tasks_dir, ignore_errors=True)
        self.containers = ContainerRegistry(settings.images, settings.tasks_dir)
        self.images = ImageRegistry(settings.images)

    def ping(self) -> bool:
        """Answer as a daemon that is up."""
        return True

    def explain(self, task: dict[str, Any]) -> None:
        """Add to a task's containers why they ended, where more is known than an exit code."""
        for described, identifier in zip(
            task["containers"], task.get("_docker_ids") or [], strict=False
        ):
            with contextlib.suppress(NoSuchContainerError):
                if reason := self.containers.get(identifier).reason:
                    described["reason"] = reason

    def kill_all(self) -> None:
        """Kill every task at once and remove their folders."""
        for container in self.containers.all():
            container.kill()
        for container in self.containers.all():
            container.remove()


def install(settings: Settings) -> ProcessDaemon:
    """Make ministack's ECS run processes; return the daemon so that it can be shut down."""
    daemon = ProcessDaemon(settings)
    clean_up = ecs._cleanup_task_resources

    def clean_up_with_daemon(
        task: dict[str, Any], client: ProcessDaemon | None, extra: TaskContainer | None = None
    ) -> None:
        # ministack passes no client when a task ended by itself, which would leave sidecars alive.
        clean_up(task, client or daemon, extra)

    mark_stopped = ecs._mark_task_stopped

    def mark_stopped_with_reasons(arn: str, task: dict[str, Any], *rest: Any, **more: Any) -> bool:
        daemon.explain(task)
        changed: bool = mark_stopped(arn, task, *rest, **more)
        return changed

    reset = ecs.reset

    def reset_with_daemon() -> None:
        daemon.kill_all()
        reset()

    ecs.reset = reset_with_daemon
    ecs._docker = daemon
    ecs._mark_task_stopped = mark_stopped_with_reasons
    ecs._cleanup_task_resources = clean_up_with_daemon
    # Lines are delivered by the process itself, so that none is missing when the task is STOPPED.
    ecs._start_awslogs_forwarder = lambda *_: None
    return daemon
