"""An operator among fakes, next to the dispatcher that works on what the operator sends."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

from rich.console import Console

from lifestream import command_line
from lifestream.adapters import Clients
from lifestream.cli import app
from lifestream.ports import Operations
from lifestream.session import Session
from lifestream.view.console import Screen
from runtime.core.jobs import Failure, Job, Source, State, cancel, fail, start, succeed
from tests.fakes.dead_letters import FakeDeadLetters
from tests.fakes.erasures import InMemoryErasures
from tests.fakes.killing import KillSwitch
from tests.fakes.queue import FakeJobsQueue
from tests.fakes.tasks import FakeTasks
from tests.fakes.traces import FakeTraces
from tests.unit.dispatcher.world import BUCKET, KEY, World, s3_event

FAILURE = Failure(code="any.code", summary="Any summary.", resolution="Any resolution.")


class FakeClients(Clients):
    def __init__(self) -> None:
        super().__init__({"AWS_REGION": "any"})


class FakeReaper:
    """`when_invoked` is what the function does before anything else happens."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.when_invoked: Callable[[], object] = lambda: None

    def invoke(self, detail_type: str) -> None:
        self.events.append(detail_type)
        self.when_invoked()


@dataclass(frozen=True, slots=True)
class Printed:
    status: int
    out: str
    notes: str


class Operators:
    """`operations` are an operator's; `world` is everything else. `switch` kills the operator."""

    def __init__(self) -> None:
        self.world = World()
        self.queue = FakeJobsQueue()
        self.dead_letters = FakeDeadLetters()
        self.tasks = FakeTasks(self.world.launcher)
        self.switch = KillSwitch()
        self.traces = FakeTraces()
        self.erasures = InMemoryErasures(self.world.jobs)
        self.reaper = FakeReaper()
        self.operations = Operations(
            environment="any",
            bucket=BUCKET,
            log_group="/ecs/any",
            jobs=self.switch.guard(self.world.jobs),
            objects=self.switch.guard(self.world.objects),
            queue=self.switch.guard(self.queue),
            dead_letters=self.switch.guard(self.dead_letters),
            tasks=self.switch.guard(self.tasks),
            traces=self.traces,
            erasures=self.erasures,
            reaper=self.reaper,
            clock=self.world.clock,
        )

    def job_in(self, state: State, key: str = KEY) -> Job:
        """Bring the job of a fresh upload into a state, the way it gets there."""
        source = self.world.upload(key, data=key.encode())
        assert self.world.deliver(s3_event(key))
        if state is State.CLAIMED:
            return self.job(source)
        running = self.start_processor(source)
        now = self.world.clock.now()
        if state is State.RUNNING:
            return running
        ended = {
            State.SUCCEEDED: lambda: succeed(running, now=now, result_key="results/old"),
            State.FAILED: lambda: fail(running, now=now, failure=FAILURE),
            State.CANCELLED: lambda: cancel(running, now=now),
        }[state]()
        self.world.jobs.save(running, ended)
        return ended

    def start_processor(self, source: Source) -> Job:
        """Let the task of the current attempt report that it runs."""
        before = self.job(source)
        running = start(before, now=self.world.clock.now(), task_arn=self.tasks.find(before))
        self.world.jobs.save(before, running)
        return running

    def job(self, source: Source) -> Job:
        return self.world.job(source)

    def force(self, job: Job, state: State) -> Job:
        """Put a record into a state, whatever it was."""
        self.world.jobs.jobs[job.job_id] = forced = replace(job, state=state)
        return forced

    def dispatch(self) -> int:
        """Let the dispatcher work on all that waits in the jobs queue; returns how much it was."""
        bodies = self.queue.take()
        for body in bodies:
            assert self.world.deliver(body)
        return len(bodies)

    def finish(self, source: Source) -> Job:
        """Let the task of the current attempt run to a success."""
        running = self.start_processor(source)
        done = succeed(running, now=self.world.clock.now(), result_key="results/new")
        self.world.jobs.save(running, done)
        return done

    def type(self, *arguments: str) -> Printed:
        """Run a command as typed; returns what is seen."""
        out, notes = io.StringIO(), io.StringIO()
        screen = Screen(
            Console(file=out, soft_wrap=True, highlight=False),
            notes=Console(file=notes, soft_wrap=True, highlight=False),
            clock=self.world.clock,
        )
        session = Session(screen, connect=FakeClients, find=lambda *_: self.operations)
        status = command_line.run(app, arguments, session=session)
        return Printed(status, out.getvalue(), notes.getvalue())
