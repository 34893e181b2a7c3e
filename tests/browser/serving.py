"""Servers in threads of the test process, on free loopback ports."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from local.ports import free_port
from runtime.core.clock import SystemClock
from runtime.core.log import JsonLog
from runtime.web.app import create_app
from runtime.web.sessions import MemorySessions
from runtime.web.settings import WebSettings
from tests.browser.fake_service import FakeService
from tests.browser.identity_provider import CLIENT

START_SECONDS = 120


@contextmanager
def serving(app: Any, port: int) -> Iterator[None]:
    """Serve an ASGI application until the end of the block."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="error", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server ended while it started"
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def pages_over(service: FakeService, assets: Path, port: int | None = None) -> Iterator[str]:
    """Serve the pages over a fake service; yield the pages' address."""
    service_port, port = free_port(), port or free_port()
    service.url = f"http://127.0.0.1:{service_port}"
    address = f"http://127.0.0.1:{port}"
    settings = WebSettings(
        api_url=service.url,
        public_url=address,
        issuer=service.url,
        client_id=CLIENT,
        media_origins=(service.url,),
        assets=assets,
    )
    clock = SystemClock()
    log = JsonLog(clock=clock, level="ERROR")
    app = create_app(settings, sessions=MemorySessions(), clock=clock, log=log)
    with serving(service.app(), service_port), serving(app, port):
        yield address
