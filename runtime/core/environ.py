"""The one reader of environment variables: reports everything missing or wrong at once.

A dataclass of settings annotates each field with its variable, as in
`port: Annotated[int, EnvVar.API_PORT] = 8080`. A field with a default is optional.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from runtime.core.clock import WallClock
from runtime.core.contract import FALSE, SERVICE_NAME, TRUE, Compute, EnvVar
from runtime.core.errors import Permanent
from runtime.core.log import LEVELS, JsonLog

T = TypeVar("T")
Parse = Callable[[str], Any]
"""Returns the value of a text; raises `ValueError` with what is wrong."""


def one_of(words: Iterable[str]) -> Parse:
    """Return a parser that accepts these words."""
    allowed = [str(word) for word in words]

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"not one of {', '.join(allowed)}")
        return text

    return parse


def without_slash(text: str) -> str:
    """Return a URL without a slash at its end."""
    return text.rstrip("/")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ValueError("not a whole number above 0")
    return int(text)


_PARSERS: Mapping[Any, Parse] = {
    str: str,
    str | None: str,
    int: _whole,
    float: _whole,
    bool: lambda text: one_of((TRUE, FALSE))(text) == TRUE,
    tuple[str, ...]: lambda text: tuple(text.split(",")),
}
"""How fields of a type are read; one of another type names its parser after its variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """What all functions of an environment and the API share."""

    environment: Annotated[str, EnvVar.ENVIRONMENT]
    log_level: Annotated[str, EnvVar.LOG_LEVEL, one_of(LEVELS)] = "INFO"
    region: Annotated[str, EnvVar.AWS_REGION]

    def log(self, component: str, clock: WallClock) -> JsonLog:
        """Return the log of a component on standard output."""
        service = f"{SERVICE_NAME}-{component}"
        return JsonLog(
            clock=clock, level=self.log_level, service=service, environment=self.environment
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaSettings(FunctionSettings):
    """What the dispatcher, the reaper and the API share; `tracing`: send traces to X-Ray."""

    jobs_table: Annotated[str, EnvVar.JOBS_TABLE]
    idempotency_table: Annotated[str, EnvVar.IDEMPOTENCY_TABLE]
    tracing: Annotated[bool, EnvVar.TRACING] = False
    work_queue_url: Annotated[str | None, EnvVar.WORK_QUEUE_URL] = None
    gpu_work_queue_url: Annotated[str | None, EnvVar.GPU_WORK_QUEUE_URL] = None

    @property
    def work_queue_urls(self) -> dict[Compute, str]:
        """The work queue for each kind of compute that has one."""
        urls = {Compute.CPU: self.work_queue_url, Compute.GPU: self.gpu_work_queue_url}
        return {compute: url for compute, url in urls.items() if url is not None}


class EnvironmentReader:
    """Reads variables of `environ` for `component`, which the error names.

    An empty variable counts as not set. Problems are collected until `whole`.
    """

    def __init__(self, environ: Mapping[str, str], *, component: str) -> None:
        self._environ = environ
        self._component = component
        self._problems: list[str] = []

    def whole(self, kind: type[T], **given: Any) -> T:
        """Return the settings of a kind; raise `Permanent` `config.invalid` for all problems."""
        settings: T = self.part(kind, **given)
        if self._problems:
            raise Permanent(
                "config.invalid",
                f"The {self._component} cannot start: {'; '.join(self._problems)}.",
                "Correct the function's environment variables and deploy again.",
            )
        return settings

    def part(self, kind: Any, **given: Any) -> Any:
        """Return the settings of a kind, but for `given` ones; a problem leaves None."""
        hints = get_type_hints(kind, include_extras=True)
        for each in fields(kind):
            type_, *how = get_args(hints[each.name]) or (hints[each.name],)
            if each.name in given:
                continue
            if is_dataclass(type_):
                given[each.name] = self.part(type_)
            elif how and (each.default is MISSING or self._environ.get(how[0])):
                given[each.name] = self.variable(how[0], *how[1:] or (_PARSERS[type_],))
        return kind(**given)

    def variable(self, name: EnvVar, parse: Parse = str, default: Any = None) -> Any:
        """Return a variable; it is required unless there is a default."""
        text = self._environ.get(name)
        if not text:
            if default is None:
                self._problems.append(f"{name} is not set")
            return default
        try:
            return parse(text)
        except ValueError as error:
            self._problems.append(f"{name} is {text!r}, {error}")
            return default


def read_settings(kind: type[T], environ: Mapping[str, str], *, component: str) -> T:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    return EnvironmentReader(environ, component=component).whole(kind)
