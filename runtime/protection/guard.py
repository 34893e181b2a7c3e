"""The protection of this process's ECS task: one guard, shared by all its jobs."""

import asyncio
import functools
import inspect
import itertools
import os
import random
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, Self, TypeVar

from .answers import ProtectionClient
from .clock import SystemClock
from .environment import ApiTarget, choose_client, read_protection_environment
from .errors import ProtectionSettingError, ProtectionUnavailableError
from .facade import TaskProtection
from .logger import LoggerLog
from .manager import ProtectionManager
from .policy import Policy, gap_free
from .ports import Reports
from .session import ProcessingSession
from .status import Status
from .stopping import StopDeferral

P = ParamSpec("P")
R = TypeVar("R")


def connect_api(target: ApiTarget) -> ProtectionClient:
    """Return a client of the ECS API; imports the SDK only where the agent is missing."""
    from .ecs_api import connect  # noqa: PLC0415 - boto3 is an extra, and slow to load

    return connect(target)


def stop_process(reason: str) -> None:  # noqa: ARG001 - logged by the manager
    """Ask this process to stop, because its jobs are no longer protected."""
    os.kill(os.getpid(), signal.SIGTERM)


class Guard:
    """Keeps this task protected while a job runs; has no effect outside ECS.

    With `required`, jobs start with protection only: where ECS cannot protect this task, entering
    raises. By default it is required if `ECS_ENABLE_TASK_PROTECTION` is true. `abort` is called
    with the reason if the thread that renews protection dies.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        policy: Policy | None = None,
        required: bool | None = None,
        reports: Reports | None = None,
        make_api_client: Callable[[ApiTarget], ProtectionClient] = connect_api,
        abort: Callable[[str], None] = stop_process,
    ) -> None:
        """Read the environment; raise `ProtectionSettingError` if it is invalid."""
        reports = Reports(log=LoggerLog()) if reports is None else reports
        found = read_protection_environment(os.environ if environ is None else environ)
        clock = SystemClock()
        self._log = reports.log
        self._manager = ProtectionManager(
            client=choose_client(found, make_api_client=make_api_client, log=reports.log),
            policy=gap_free() if policy is None else policy,
            monotonic=clock,
            wall=clock,
            reports=reports,
            abort=abort,
            jitter=random.random,
            ecs_deployment=found.in_ecs,
            required=bool(found.switch) if required is None else required,
        )
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._started = False
        self._closed = False
        self._pid = os.getpid()
        self._deferral = StopDeferral(
            until_idle=self._wait_until_idle, before_stop=self.close, log=reports.log
        )

    # ------------------------------------------------------------ jobs

    def protected(
        self, name: str | None = None, *, deadline_seconds: float | None = None
    ) -> "Protected":
        """Return a context and decorator that protects a job, in threads and in asyncio.

        With a deadline, protection ends at the latest ten minutes after it, so that a job that
        hangs does not hold the task for ever.
        """
        return Protected(lambda: self, name, deadline_seconds)

    def session(
        self, name: str | None = None, *, deadline_seconds: float | None = None
    ) -> ProcessingSession:
        """Return a session for `set_critical(True)`, `check()` and `cleanup()`.

        Raises `ProtectionUnavailableError` once the process is asked to stop, and
        `ProtectionSettingError` in a forked child, whose lease would fight with its parent's.
        """
        self._start()
        if self.stopping:
            raise ProtectionUnavailableError(
                "protection.stopping",
                "This process was asked to stop, so it starts no more jobs.",
                "Leave the job in its queue; another task takes it.",
            )
        return self._manager.session(
            f"{name or 'job'}-{next(self._numbers)}", deadline_seconds=deadline_seconds
        )

    def count_jobs(self, active_jobs: Callable[[], int]) -> TaskProtection:
        """Return protection by a count of active jobs: `enable`, `disable`, `manage`.

        Made for servers with `policy=service()`: 2 h at the start, renewed to 1 h.
        """
        self._start()
        return TaskProtection(manager=self._manager, active_jobs=active_jobs, log=self._log)

    # ------------------------------------------------------------ the process

    def defer_stop(self) -> None:
        """Let SIGTERM and SIGINT wait for the jobs under way; call it in the main thread."""
        self._deferral.install()

    @property
    def stopping(self) -> bool:
        """Whether a stop was requested; a loop that takes jobs ends then."""
        return self._deferral.requested.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for a stop request at most so long; return whether there is one."""
        return self._deferral.requested.wait(seconds)

    def force_disable(self, reason: str) -> None:
        """End protection now, although jobs run; their sessions are lost."""
        self._manager.force_disable(reason)

    def status(self) -> Status:
        """Return the state as values."""
        return self._manager.status()

    def health(self) -> dict[str, Any]:
        """Return the state for `GET /health`."""
        return self.status().as_health()

    def close(self) -> None:
        """End all sessions and protection, within seconds; idempotent."""
        with self._lock:
            closes = self._started and not self._closed and self._pid == os.getpid()
            self._closed = True
        if closes:
            self._manager.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        if self._pid != os.getpid():
            raise ProtectionSettingError(
                "protection.forked",
                "This process was forked from the one that protects the task.",
                "Protect the task in the parent while its children work, or run one process.",
            )
        with self._lock:
            if not self._started:
                self._started = True
                self._manager.start()

    def _wait_until_idle(self) -> None:
        changed = self._manager.changed
        with changed:
            changed.wait_for(lambda: self.status().lease.critical_sessions == 0)


class Protected:
    """Protects the task while the context lasts; made by `Guard.protected` or `protected`.

    Entering waits until protection is in force and returns the session, whose `check()` raises
    `ProtectionLostError` when the job must checkpoint and stop. As a decorator, each call of the
    function, plain or `async`, is protected by itself.
    """

    def __init__(
        self, guard: Callable[[], Guard], name: str | None, deadline_seconds: float | None
    ) -> None:
        self._guard = guard
        self._name = name
        self._deadline_seconds = deadline_seconds
        self._session: ProcessingSession | None = None

    def __enter__(self) -> ProcessingSession:
        if self._session is not None:
            raise RuntimeError("this context is entered already; make one for each job")
        session = self._guard().session(self._name, deadline_seconds=self._deadline_seconds)
        self._session = session
        try:
            session.set_critical(True)
        except BaseException:
            self._leave()
            raise
        return session

    def __exit__(self, *_: object) -> None:
        self._leave()

    async def __aenter__(self) -> ProcessingSession:
        entering = asyncio.get_running_loop().run_in_executor(None, self.__enter__)
        try:
            return await asyncio.shield(entering)
        except asyncio.CancelledError:
            entering.add_done_callback(self._left)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return the function with each of its calls protected."""
        name = self._name or function.__name__

        def fresh() -> Protected:
            return Protected(self._guard, name, self._deadline_seconds)

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                async with fresh():
                    return await function(*args, **kwargs)

            return run_async  # type: ignore[return-value]  # R is the coroutine

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            with fresh():
                return function(*args, **kwargs)

        return run

    def _left(self, entered: "asyncio.Future[ProcessingSession]") -> None:
        if entered.exception() is None:
            self._leave()

    def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.cleanup()
