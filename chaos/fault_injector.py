"""Does to one call what the plan says, and notes what took effect."""

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from chaos.aws_responses import Answer, refusal
from chaos.call_names import RUN_TASK, Step
from chaos.calls import Request, Sender
from chaos.fault_log import Tally
from chaos.ledger import Ledger
from chaos.plan import REFUSALS, Fault, Kind
from chaos.processes import signal_later, signal_now
from chaos.proxy import Forward
from chaos.subjects import Subjects
from runtime.results.render import manifest

Afterwards = Callable[[], None]
WRITTEN = ("results", "manifest")
VARYING = tuple(f"/{name}" for name in manifest.VARYING)


def nothing() -> None:
    """Do nothing after the answer."""


class FaultInjector:
    """The proxy's handler during a run."""

    def __init__(
        self, *, subjects: Subjects, tally: Tally, ledger: Ledger, jobs_table: str
    ) -> None:
        """Take what it shares with the rest of the run."""
        self._subjects = subjects
        self._tally = tally
        self._ledger = ledger
        self._jobs_table = jobs_table

    def handle(self, request: Request, forward: Forward) -> tuple[Answer | None, Afterwards]:
        """Carry a call out, or not, or not at once, as the plan has it."""
        sender = request.sender
        if sender is None:
            return forward(), nothing
        step = request.step(sender.caller, self._jobs_table)
        number = self._subjects.number(request.names, step)
        if number is None:
            return forward(), nothing

        def execute() -> Answer:
            return self._execute(number, step, request, forward)

        fault = self._tally.draw(number, self._subjects.count(number, step))
        if fault is None:
            return execute(), nothing
        return self._sabotage(fault, sender, request.target[0], execute)

    def _sabotage(
        self, fault: Fault, sender: Sender, service: str, execute: Forward
    ) -> tuple[Answer | None, Afterwards]:
        match fault.kind:
            case Kind.RESET:
                return None, nothing
            case kind if kind in REFUSALS or kind is Kind.NO_CAPACITY:
                return refusal(kind, service), nothing
            case Kind.LATENCY:
                time.sleep(fault.seconds)
                return execute(), nothing
            case Kind.LATE:
                late = threading.Timer(fault.seconds, _quietly, (execute,))
                late.daemon = True
                late.start()
                return None, nothing
            case Kind.KILL_BEFORE:
                signal_now(sender.pid, signal.SIGKILL)
                return None, nothing
            case _:
                return self._after(fault, sender, service, execute())

    def _after(
        self, fault: Fault, sender: Sender, service: str, answer: Answer
    ) -> tuple[Answer | None, Afterwards]:
        """Go wrong after the call was carried out."""
        match fault.kind:
            case Kind.LOST_ANSWER:
                return None, nothing
            case Kind.ERROR_AFTER:
                return refusal(Kind.SERVER_ERROR, service), nothing
            case Kind.KILL_AFTER:
                signal_now(sender.pid, signal.SIGKILL)
                return None, nothing
            case Kind.FREEZE:
                # Stopped first, so that it finds the answer only when it wakes up.
                signal_now(sender.pid, signal.SIGSTOP)
                signal_later(sender.pid, signal.SIGCONT, fault.seconds)
                return answer, nothing
            case Kind.TERMINATE:
                return answer, lambda: signal_later(sender.pid, signal.SIGTERM, fault.seconds)
            case Kind.KILL_LATER:
                return answer, lambda: signal_later(sender.pid, signal.SIGKILL, fault.seconds)
            case other:
                raise AssertionError(f"{other} is not done after a call")

    def _execute(self, number: int, step: Step, request: Request, forward: Forward) -> Answer:
        item = request.job_write(self._jobs_table)
        if item is not None:
            with self._ledger.writing(number):
                answer = forward()
                if answer.good:
                    self._ledger.note_record(number, item)
            return answer
        answer = forward()
        if not answer.good:
            return answer
        if step.name == RUN_TASK:
            self._introduce_tasks(number, answer)
        elif (
            step.name.startswith("s3.PutObject:")
            and step.name.endswith(WRITTEN)
            and not request.object_key.endswith(VARYING)
        ):
            self._ledger.note_result(
                number,
                request.object_key,
                request.body,
                manifest=step.name.endswith("manifest"),
            )
        return answer

    def _introduce_tasks(self, number: int, answer: Answer) -> None:
        tasks: list[dict[str, Any]] = Request("", "", {}, answer.body).json.get("tasks", [])
        self._subjects.introduce(number, *(task["taskArn"] for task in tasks))


def _quietly(execute: Forward) -> None:
    try:
        execute()
    except OSError:
        # The run is over and the emulator gone.
        return
