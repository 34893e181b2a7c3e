"""Serve the pages: `python -m runtime.web`."""

import os
import sys
from collections.abc import Mapping

import uvicorn

from runtime.core.clock import SystemClock, WallClock
from runtime.core.errors import Permanent
from runtime.core.log import JsonLog
from runtime.web.app import create_app
from runtime.web.sessions import MemorySessions, SessionStore
from runtime.web.settings import WebSettings, read_settings
from runtime.web.table_sessions import TableSessions

GRACE_SECONDS = 25
"""Shorter than the 30 s that ECS gives a stopping task."""


def main(environ: Mapping[str, str]) -> int:
    """Serve until a signal; return the exit status."""
    clock = SystemClock()
    try:
        settings = read_settings(environ)
        log = JsonLog(clock=clock, level=settings.log_level)
        app = create_app(settings, sessions=sessions_of(settings, clock), clock=clock, log=log)
    except Permanent as error:
        sys.stderr.write(f"{error}\n")
        return 2
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,
    )
    return 0


def sessions_of(settings: WebSettings, clock: WallClock) -> SessionStore:
    """Return sessions in the table, or in memory where there is none."""
    if settings.sessions_table is None:
        return MemorySessions()
    from runtime.aws import clients  # noqa: PLC0415 - only a deployed server needs the SDK
    from runtime.aws.service_records import DynamoRecords  # noqa: PLC0415

    client = clients.dynamodb(settings.region)
    return TableSessions(DynamoRecords(client, table=settings.sessions_table, clock=clock))


if __name__ == "__main__":
    sys.exit(main(os.environ))
