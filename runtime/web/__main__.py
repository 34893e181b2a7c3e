"""Serve the pages: `python -m runtime.web`."""

import os
import sys
from collections.abc import Mapping

import uvicorn

from runtime.core.clock import SystemClock
from runtime.core.errors import Permanent
from runtime.core.log import JsonLog
from runtime.web.app import create_app
from runtime.web.sessions import MemorySessions
from runtime.web.settings import read_settings

GRACE_SECONDS = 25
"""Shorter than the 30 s that ECS gives a stopping task."""


def main(environ: Mapping[str, str]) -> int:
    """Serve until a signal; return the exit status."""
    clock = SystemClock()
    try:
        settings = read_settings(environ)
        log = JsonLog(clock=clock, level=settings.log_level)
        app = create_app(settings, sessions=MemorySessions(), clock=clock, log=log)
    except Permanent as error:
        sys.stderr.write(f"{error}\n")
        return 2
    host = "0.0.0.0" if settings.secure else "127.0.0.1"  # noqa: S104 - behind a load balancer
    uvicorn.run(
        app,
        host=environ.get("WEB_HOST", host),
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        proxy_headers=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
