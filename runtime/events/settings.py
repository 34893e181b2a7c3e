"""The settings of the function that announces changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from runtime.core import environ
from runtime.core.contract import EnvVar
from runtime.core.environ import FunctionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsSettings(FunctionSettings):
    """Where changes are announced; no `webhook_queue_url`: on the bus alone."""

    event_bus: Annotated[str, EnvVar.EVENT_BUS_NAME]
    webhook_queue_url: Annotated[str | None, EnvVar.WEBHOOK_QUEUE_URL] = None


def read_settings(variables: Mapping[str, str]) -> EventsSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    return environ.read_settings(EventsSettings, variables, component="events function")
