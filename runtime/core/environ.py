"""The one reader of environment variables: reports everything missing or wrong at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.core.contract import FALSE, TRUE, Compute, EnvVar
from runtime.core.errors import Permanent
from runtime.core.log import LEVELS

WORK_QUEUES: Mapping[Compute, EnvVar] = {
    Compute.CPU: EnvVar.WORK_QUEUE_URL,
    Compute.GPU: EnvVar.GPU_WORK_QUEUE_URL,
}
"""The variable with the URL of the work queue for each kind of compute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaSettings:
    """The settings that the dispatcher and the reaper share; `tracing`: send traces to X-Ray."""

    environment: str
    log_level: str
    region: str
    jobs_table: str
    idempotency_table: str
    tracing: bool = False


class EnvironmentReader:
    """Reads variables of `environ` for `component`, which the error names.

    An empty variable counts as not set. A problem is collected and a placeholder returned; call
    `finish` after the last variable.
    """

    def __init__(self, environ: Mapping[str, str], *, component: str) -> None:
        self._environ = environ
        self._component = component
        self._problems: list[str] = []

    def finish(self) -> None:
        """Raise `Permanent` `config.invalid` naming every problem."""
        if self._problems:
            raise Permanent(
                "config.invalid",
                f"The {self._component} cannot start: {'; '.join(self._problems)}.",
                "Correct the function's environment variables and deploy again.",
            )

    def text(self, name: EnvVar) -> str:
        """Return a required variable."""
        value = self.optional(name)
        if value is None:
            self._problems.append(f"{name} is not set")
        return value or ""

    def optional(self, name: EnvVar) -> str | None:
        """Return a variable, or None where it is not set."""
        return self._environ.get(name) or None

    def items(self, name: EnvVar) -> tuple[str, ...]:
        """Return a required variable's comma-separated items."""
        return tuple(self.text(name).split(","))

    def number(self, name: EnvVar, default: float | None = None) -> int:
        """Return a whole number above 0; required unless there is a default."""
        if default is not None and self.optional(name) is None:
            return int(default)
        value = self.text(name)
        if value.isascii() and value.isdecimal() and int(value):
            return int(value)
        if value:
            self._problems.append(f"{name} is {value!r}, not a whole number above 0")
        return 0

    def choice(self, name: EnvVar, allowed: Iterable[str], default: str) -> str:
        """Return one of the allowed words."""
        value, words = self.optional(name) or default, [str(word) for word in allowed]
        if value in words:
            return value
        self._problems.append(f"{name} is {value!r}, not one of {', '.join(words)}")
        return default

    def flag(self, name: EnvVar) -> bool:
        """Return whether a variable is `true`; not set means false."""
        return self.choice(name, (TRUE, FALSE), FALSE) == TRUE

    def common(self) -> dict[str, Any]:
        """Return the fields of `LambdaSettings`."""
        return {
            "environment": self.text(EnvVar.ENVIRONMENT),
            "log_level": self.choice(EnvVar.LOG_LEVEL, LEVELS, "INFO"),
            "region": self.text(EnvVar.AWS_REGION),
            "jobs_table": self.text(EnvVar.JOBS_TABLE),
            "idempotency_table": self.text(EnvVar.IDEMPOTENCY_TABLE),
            "tracing": self.flag(EnvVar.TRACING),
        }
