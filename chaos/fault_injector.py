"""Does to one call what the plan says, and notes what took effect."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from chaos.aws_responses import Response, refusal
from chaos.call_names import RECEIVE, RUN_TASK, CallName
from chaos.fault_log import FaultLog
from chaos.http_requests import Request, Sender
from chaos.job_numbers import JobNumbers
from chaos.lagging_reads import LaggingReads
from chaos.ledger import Ledger
from chaos.outages import CAPACITY, NO_OUTAGES, Outages
from chaos.plan import REFUSALS, Fault, FaultKind
from chaos.processes import signal_later, signal_now
from chaos.proxy import Forward
from chaos.redelivery import Receipts
from runtime.results.render import manifest

ANSWERS = (FaultKind.CONFLICT, FaultKind.LAG)
WRITTEN = ("results", "manifest")
VARYING = tuple(f"/{name}" for name in manifest.VARYING)


class FaultInjector:
    """The proxy's handler during a run; `receivers` are the processes that polled a queue."""

    def __init__(
        self,
        *,
        job_numbers: JobNumbers,
        fault_log: FaultLog,
        ledger: Ledger,
        jobs_table: str,
        outages: Outages = NO_OUTAGES,
        send: Callable[[Request], Response] | None = None,
    ) -> None:
        self._job_numbers = job_numbers
        self._fault_log = fault_log
        self._ledger = ledger
        self._jobs_table = jobs_table
        self._outages = outages
        self._lagging = LaggingReads()
        self._receipts = Receipts(job_numbers, send)
        self.receivers: set[int] = set()

    def handle(self, request: Request, forward: Forward) -> Response | None:
        """Carry a call out, or not, or not at once, as the plan has it."""
        sender = request.sender
        if sender is None:
            return forward()
        service, _ = request.target
        if self._outages.has(service):
            self._fault_log.count_outage(service)
            return refusal(FaultKind.SERVER_ERROR, service)
        call = request.call(sender.caller, self._jobs_table)
        if call.name == RUN_TASK and self._outages.has(CAPACITY):
            self._fault_log.count_outage(CAPACITY)
            return refusal(FaultKind.NO_CAPACITY, service)
        if call.name == RECEIVE:
            self.receivers.add(sender.pid)
            return self._receive(call, request, forward)
        number = self._job_numbers.number(request.names, call)
        if number is None:
            return forward()
        return self._handle_call(number, call, sender, request, forward)

    def _handle_call(
        self, number: int, call: CallName, sender: Sender, request: Request, forward: Forward
    ) -> Response | None:
        def execute() -> Response:
            return self._lagging.note(request, self._execute(number, call, request, forward))

        fault = self._fault_log.draw(number, self._job_numbers.count(number, call))
        if fault is None:
            return execute()
        if fault.kind in ANSWERS:
            return self._answer(fault, number, request) or execute()
        return self._inject(fault, sender, request.target[0], execute)

    def _answer(self, fault: Fault, number: int, request: Request) -> Response | None:
        """Return what is answered in place of the truth, None for the truth."""
        if fault.kind is FaultKind.CONFLICT:
            return refusal(fault.kind, *request.target)
        return self._lagging.outdated(number, request)

    def _receive(self, call: CallName, request: Request, forward: Forward) -> Response | None:
        """Pass a poll on; its faults come after it, because only what it received names the job."""
        response = forward()
        number = self._receipts.register(response)
        if number is None:
            return response
        fault = self._fault_log.draw(number, self._job_numbers.count(number, call))
        match None if fault is None else fault.kind:
            case FaultKind.REDELIVERY:
                self._receipts.deliver_again(request, response)
            case FaultKind.RESET | FaultKind.LOST_ANSWER:
                return None
        return response

    def _inject(
        self, fault: Fault, sender: Sender, service: str, execute: Forward
    ) -> Response | None:
        match fault.kind:
            case FaultKind.RESET:
                return None
            case kind if kind in REFUSALS or kind is FaultKind.NO_CAPACITY:
                return refusal(kind, service)
            case FaultKind.LATENCY:
                time.sleep(fault.seconds)
                return execute()
            case FaultKind.LATE:
                late = threading.Timer(fault.seconds, _quietly, (execute,))
                late.daemon = True
                late.start()
                return None
            case FaultKind.KILL_BEFORE:
                signal_now(sender.pid, signal.SIGKILL)
                return None
            case _:
                return self._after(fault, sender, service, execute())

    def _after(
        self, fault: Fault, sender: Sender, service: str, response: Response
    ) -> Response | None:
        """Go wrong after the call was carried out."""
        match fault.kind:
            case FaultKind.LOST_ANSWER:
                return None
            case FaultKind.ERROR_AFTER:
                return refusal(FaultKind.SERVER_ERROR, service)
            case FaultKind.KILL_AFTER:
                signal_now(sender.pid, signal.SIGKILL)
                return None
            case FaultKind.FREEZE:
                # Stopped first, so that it finds the response only when it wakes up.
                signal_now(sender.pid, signal.SIGSTOP)
                signal_later(sender.pid, signal.SIGCONT, fault.seconds)
                return response
            case FaultKind.TERMINATE | FaultKind.KILL_LATER as kind:
                number = signal.SIGTERM if kind is FaultKind.TERMINATE else signal.SIGKILL
                later = partial(signal_later, sender.pid, number, fault.seconds)
                return replace(response, afterwards=later)
            case other:
                raise AssertionError(f"{other} is not done after a call")

    def _execute(self, number: int, call: CallName, request: Request, forward: Forward) -> Response:
        item = request.job_write(self._jobs_table)
        if item is not None:
            with self._ledger.writing(number):
                response = forward()
                if response.succeeded:
                    self._ledger.note_record(number, item)
            return response
        response = forward()
        if not response.succeeded:
            return response
        if call.name == RUN_TASK:
            self._register_tasks(number, response)
        elif (
            call.name.startswith("s3.PutObject:")
            and call.name.endswith(WRITTEN)
            and not request.object_key.endswith(VARYING)
        ):
            self._ledger.note_result(
                number,
                request.object_key,
                request.body,
                manifest=call.name.endswith("manifest"),
            )
        return response

    def _register_tasks(self, number: int, response: Response) -> None:
        tasks: list[dict[str, Any]] = Request("", "", {}, response.body).json.get("tasks", [])
        self._job_numbers.register(number, *(task["taskArn"] for task in tasks))
        self._lagging.launched(number)


def _quietly(execute: Forward) -> None:
    try:
        execute()
    except OSError:
        # The run is over and the emulator gone.
        return
