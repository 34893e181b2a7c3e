"""The settings of the function that announces changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.core.contract import EnvVar
from runtime.core.environ import EnvironmentReader
from runtime.core.log import LEVELS


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsSettings:
    """Where changes are announced; no `webhook_queue_url`: on the bus alone."""

    environment: str
    log_level: str
    region: str
    event_bus: str
    webhook_queue_url: str | None


def read_settings(environ: Mapping[str, str]) -> EventsSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    read = EnvironmentReader(environ, component="events function")
    settings = EventsSettings(
        environment=read.text(EnvVar.ENVIRONMENT),
        log_level=read.choice(EnvVar.LOG_LEVEL, LEVELS, "INFO"),
        region=read.text(EnvVar.AWS_REGION),
        event_bus=read.text(EnvVar.EVENT_BUS_NAME),
        webhook_queue_url=read.optional(EnvVar.WEBHOOK_QUEUE_URL),
    )
    read.finish()
    return settings
