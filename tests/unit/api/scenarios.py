"""Scenarios over the API's links: each call may use the ids that earlier ones answered with.

`python -m tests.unit.api.scenarios --examples 2000` runs many; `test_schema.py` a few.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.unit import event_loop
from tests.unit.api.world import OWNER, World, served

LEFT_OUT = r"/events$|^/v1/(failures|costs|dead-letters)$"
"""Streams may have no end (test_live.py covers them); no link leads to operators' sums."""

FIRST_ERROR = 400
LONGEST = 12
"""Calls of a scenario."""

ROUND = 50
"""Scenarios after which a line says how far a long run is."""

load_all_checks()
UNDESCRIBED = CHECKS.get_by_names(["positive_data_acceptance", "negative_data_rejection"])
"""Options, cursors and names have rules that the document states in words only, and a call that is
wrong by its token alone is sent with a good one. `test_schema.py` covers wrong bodies."""

TIMEOUT_SECONDS = 600
"""Only ends a call that hangs; how long one takes says something about the machine."""

VALID: Mapping[str, Mapping[str, Any]] = {
    "POST /v1/uploads": {"name": "a talk.mp4", "size_bytes": 7},
    "POST /v1/imports": {"url": "https://media.example.test/a.mp4"},
    "POST /v1/webhooks": {"url": "https://receiver.example.test/a", "events": ["job.succeeded"]},
    "POST /v1/keys": {"name": "any", "scopes": ["read"]},
}
"""Bodies with which two of three scenarios begin: random ones are mostly refused."""


def named(case: Any) -> str:
    """Return method and path of a call."""
    return f"{case.operation.method.upper()} {case.operation.path}"


def run(*, examples: int, subject: str = OWNER, derandomize: bool = True) -> Mapping[str, int]:
    """Run scenarios of one caller; return how often each operation was reached by a link.

    Raise schemathesis's failures for a server error or an answer that the document does not have.
    """
    reached: Counter[str] = Counter()
    world = World()
    schema = schemathesis.openapi.from_asgi("/openapi.json", served(world.services))
    base: Any = schema.exclude(path_regex=LEFT_OUT).as_state_machine()

    class Scenario(base):  # type: ignore[misc]
        """One sequence of calls in a world of its own."""

        def setup(self) -> None:
            self.world = World()
            self.world.job()
            self.calls = 0
            self.app = served(self.world.services)

        def before_call(self, case: Any) -> None:
            self.calls += 1
            name = named(case)
            if self.calls % 3 and name in VALID:
                case.body = dict(VALID[name])

        def teardown(self) -> None:
            self.world.client.close()

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            case.operation.app = self.app
            return {"headers": self.world.headers(subject), "timeout": TIMEOUT_SECONDS}

        def after_call(self, response: Any, case: Any) -> None:
            name = named(case)
            if response.status_code >= FIRST_ERROR:
                return
            reached[name] += 1
            if name == "POST /v1/uploads" and case.body == VALID[name]:
                upload = response.json()
                self.world.transfers.send(upload["url"], upload["headers"], b"7 bytes")

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, excluded_checks=UNDESCRIBED)

    Scenario.run(
        settings=settings(
            max_examples=examples,
            stateful_step_count=LONGEST,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            deadline=None,
            derandomize=derandomize,
            database=None,
        )
    )
    world.client.close()
    return reached


def main() -> None:
    """Run many scenarios of an owner in rounds, and print what was reached."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--examples", type=int, default=2000)
    wanted = options.parse_args().examples
    reached: Counter[str] = Counter()
    try:
        for begun in range(0, wanted, ROUND):
            # Each round draws new ones; an interruption loses the count of one round only.
            reached.update(run(examples=min(ROUND, wanted - begun), derandomize=False))
            sys.stdout.write(f"{min(begun + ROUND, wanted)} scenarios, {reached.total()} calls\n")
            sys.stdout.flush()
    finally:
        event_loop.stop()
    for name, count in sorted(reached.items()):
        sys.stdout.write(f"{count:6}  {name}\n")
    sys.stdout.write("No server error, and no answer that the document does not have.\n")


if __name__ == "__main__":
    main()
