"""Gap (1.5.33, upstream): services deploy rolling only; functions that a stage waits for.

As on AWS ("Lifecycle hooks for Amazon ECS service deployments"), a function answers with
`hookStatus`: SUCCEEDED, FAILED, or IN_PROGRESS, after which it is called again.
"""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.services import lambda_svc

from local.emulator.ecs.blue_green.stages import Stage
from local.emulator.time_scale import scaled
from runtime.core.clock import MonotonicClock

Hook = Mapping[str, Any]
Call = Callable[[Hook, Mapping[str, Any]], Any]
"""Calls a hook's function with an event; returns its answer, raises for one that cannot be."""

AGAIN_SECONDS = 30.0
SUCCEEDED, FAILED, IN_PROGRESS = "SUCCEEDED", "FAILED", "IN_PROGRESS"
Start = Callable[[Callable[[], None]], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a hook said last: its status, why it failed, and when it is called again."""

    status: str = IN_PROGRESS
    reason: str = ""
    again_at: float = 0.0


@dataclass(frozen=True, slots=True)
class StageHooks:
    """What the hooks of a stage say together."""

    passed: bool
    failure: str = ""


def of_stage(configuration: Mapping[str, Any], stage: Stage) -> tuple[Hook, ...]:
    """Return the hooks of a deployment configuration that a stage waits for."""
    hooks = configuration.get("lifecycleHooks") or ()
    return tuple(hook for hook in hooks if stage in hook["lifecycleStages"])


def read(answer: Any, target: str, now: float) -> Answer:
    """Return what a function's answer means."""
    status = answer.get("hookStatus") if isinstance(answer, Mapping) else None
    if status == SUCCEEDED:
        return Answer(SUCCEEDED)
    if status == IN_PROGRESS:
        delay = float(answer.get("callBackDelay") or AGAIN_SECONDS)
        return Answer(IN_PROGRESS, again_at=now + scaled(delay))
    if status == FAILED:
        return Answer(FAILED, f"Lifecycle hook target {target} returned FAILED status.")
    return Answer(
        FAILED,
        f"ECS was unable to parse the response from {target} due to HookStatus must not be null",
    )


def together(stage: Stage, answers: Sequence[Answer]) -> StageHooks:
    """Return whether all hooks of a stage have succeeded, and the failure of one that has not."""
    failed = next((each for each in answers if each.status == FAILED), None)
    if failed:
        return StageHooks(
            passed=False, failure=f"{stage} lifecycle hook(s) failed. {failed.reason}"
        )
    return StageHooks(passed=all(each.status == SUCCEEDED for each in answers))


@dataclass(frozen=True, slots=True)
class HookRunner:
    """Calls hooks, each on a thread that `start` begins; a restart calls them again."""

    call: Call
    clock: MonotonicClock
    start: Start
    _answers: dict[tuple[str, Stage, str], Answer] = field(default_factory=dict)
    _running: set[tuple[str, Stage, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def look(
        self, deployment: str, stage: Stage, hooks: Sequence[Hook], event: Mapping[str, Any]
    ) -> StageHooks:
        """Return what the hooks of a stage have said; begin the calls that are due."""
        answers = []
        for hook in hooks:
            key = (deployment, stage, str(hook["hookTargetArn"]))
            with self._lock:
                answer = self._answers.get(key, Answer())
                due = answer.status == IN_PROGRESS and self.clock.monotonic() >= answer.again_at
                begin = due and key not in self._running
                if begin:
                    self._running.add(key)
            if begin:
                self.start(self._calling(key, hook, event))
            answers.append(answer)
        return together(stage, answers)

    def _calling(
        self, key: tuple[str, Stage, str], hook: Hook, event: Mapping[str, Any]
    ) -> Callable[[], None]:
        def run() -> None:
            try:
                found = self.call(hook, event)
                answer = read(found, key[2], self.clock.monotonic())
            except Exception as error:  # noqa: BLE001 - a hook that cannot be called has failed
                answer = Answer(
                    FAILED, f"ECS was unable to invoke hook target {key[2]} due to {error}"
                )
            with self._lock:
                self._answers[key] = answer
                self._running.discard(key)

        return run


def call(hook: Hook, event: Mapping[str, Any]) -> Any:
    """Call a hook's function and return its answer; raise `LookupError` without the function."""
    target = str(hook["hookTargetArn"])
    function, config, _name = lambda_svc._get_func_record_for_ref(target)
    if not function or not config:
        raise LookupError(f"Function not found: {target}")
    details = hook.get("hookDetails")
    given = {**event, **({"hookDetails": details} if details else {})}
    found = lambda_svc._execution_record_for_config(function, config)
    return payload(lambda_svc._execute_function_with_config_scope(found, given))


def runner(clock: MonotonicClock) -> HookRunner:
    """Return what calls lifecycle hooks, in the account and region of who asks."""
    return HookRunner(call, clock, partial(spawn_background, thread_name="lifecycle-hook"))


def payload(answer: Mapping[str, Any]) -> Any:
    """Return what a function returned, whose body ministack gives as text or as a value."""
    body = answer.get("body")
    if answer.get("error"):
        raise ValueError(f"the function failed: {body}")
    return json.loads(body) if isinstance(body, (str, bytes)) else body
