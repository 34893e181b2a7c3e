"""The same pages as a Lambda function behind API Gateway."""

import asyncio
import os
from functools import cache
from typing import Any

from mangum import Mangum

from runtime.core.clock import SystemClock
from runtime.core.contract import SERVICE_NAME
from runtime.core.log import JsonLog
from runtime.web.__main__ import sessions_of
from runtime.web.app import create_app
from runtime.web.settings import read_settings


def handle(event: Any, context: Any) -> dict[str, Any]:
    """Answer a request of API Gateway."""
    answer: dict[str, Any] = _gateway()(event, context)
    return answer


@cache
def _gateway() -> Mangum:
    # One loop for the life of the process: the HTTP client's connections belong to it.
    asyncio.set_event_loop(asyncio.new_event_loop())
    clock, settings = SystemClock(), read_settings(os.environ)
    log = JsonLog(
        clock=clock,
        level=settings.log_level,
        service=f"{SERVICE_NAME}-web",
    )
    app = create_app(settings, sessions=sessions_of(settings, clock), clock=clock, log=log)
    return Mangum(app, lifespan="off")
