"""The instances, and the ECS that stops them: by scale-in, deployment, SIGTERM and SIGKILL."""

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.api_process import ApiProcess, start_api
from runtime.core.contract import FALSE, TRUE, EnvVar
from runtime.protection.testing.endpoint import AgentEndpoint, serving

STOPS = ("scale-in", "scale-in", "scale-in", "SIGTERM", "SIGKILL")
"""The ways in which one instance is stopped, as often as each occurs here."""

COMMAND = ("-m", "chaos.imports.instance")


@dataclass(slots=True)
class Instance:
    """One task: its process, its agent, what stops its agent."""

    name: str
    api: ApiProcess
    agent: AgentEndpoint
    closing: contextlib.ExitStack
    was_ready: bool = False

    def is_ready(self) -> bool:
        """Return whether it has started; before, SIGTERM ends it like any program."""
        self.was_ready = self.was_ready or self.api.is_ready()
        return self.was_ready

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.api.process.poll() is None


@dataclass(slots=True)
class Fleet:
    """`size` instances with the variables of `environment`; each that ends is replaced."""

    environment: Mapping[str, str]
    folder: Path
    size: int
    protection: bool = True
    instances: dict[str, Instance] = field(default_factory=dict)
    stops: Counter[str] = field(default_factory=Counter)
    spared: int = 0
    bad_exits: list[str] = field(default_factory=list)
    _made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fill(self) -> None:
        """Start instances until there are as many as are wanted."""
        while len(self.living()) < self.size:
            self._start()

    def living(self) -> list[Instance]:
        """Return the instances that run."""
        with self._lock:
            return [each for each in self.instances.values() if each.alive]

    def strike(
        self,
        choice: random.Random,
        stops: Sequence[str] = STOPS,
        among: Collection[str] | None = None,
    ) -> bool:
        """Stop one instance at random, perhaps only one of these; return whether there was one."""
        serving = [
            each
            for each in self.living()
            if each.is_ready() and (among is None or each.name in among)
        ]
        if not serving:
            return False
        victim = choice.choice(serving)
        match choice.choice(stops):
            case "scale-in":
                self.scale_in(victim, "scale-in")
            case "SIGTERM":
                # Spot takes back what is protected, too.
                self._end(victim, "SIGTERM")
            case _:
                victim.api.process.kill()
                victim.api.process.wait()
                self.stops["SIGKILL"] += 1
        return True

    def scale_in(self, victim: Instance, why: str) -> bool:
        """Stop an instance unless its task is protected; return whether it was stopped."""
        if not victim.agent.scale_in():
            self.spared += 1
            return False
        self._end(victim, why)
        return True

    def deploy(self, wait: threading.Event) -> None:
        """Replace all instances: new ones first; an old one leaves when it is not protected."""
        old = self.living()
        new = [self._start() for _ in old]
        while not all(each.is_ready() for each in new if each.alive) and not wait.wait(0.2):
            pass
        while old and not wait.wait(0.2):
            old = [each for each in old if each.alive and not self.scale_in(each, "deployment")]

    def close(self) -> None:
        """End everything."""
        for each in self.living():
            self._end(each, "end")
        for each in self.instances.values():
            each.closing.close()

    def _start(self) -> Instance:
        self._made += 1
        name = f"task-{self._made}"
        closing = contextlib.ExitStack()
        agent = closing.enter_context(serving())
        variables = {
            **self.environment,
            EnvVar.ECS_AGENT_URI: agent.uri,
            EnvVar.ECS_TASK_ARN: name,
            EnvVar.ECS_ENABLE_TASK_PROTECTION: TRUE if self.protection else FALSE,
        }
        api = start_api(variables, folder=self.folder, name=name, command=COMMAND)
        with self._lock:
            made = self.instances[name] = Instance(name, api, agent, closing)
        return made

    def _end(self, victim: Instance, why: str) -> None:
        was_ready = victim.is_ready()
        status = victim.api.stop()
        if status != 0 and was_ready:
            self.bad_exits.append(f"{victim.name}: exit {status} after {why}")
        self.stops[why] += 1
