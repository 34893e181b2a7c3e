"""Serves the API until SIGTERM or SIGINT: `python -m runtime.api`."""

import asyncio
import os
import socket
import sys
from types import FrameType

import uvicorn

from runtime.api.app import create_app
from runtime.api.composition import compose
from runtime.api.outbound.transport import Outbound
from runtime.api.services import Services
from runtime.api.settings import read_settings
from runtime.core.clock import SystemClock
from runtime.core.contract import SERVICE_NAME, ExitCode
from runtime.core.errors import Permanent
from runtime.core.log import JsonLog

HOST = "0.0.0.0"  # noqa: S104 - the load balancer is another machine; the security group decides
HOST_VARIABLE = "API_HOST"
KEEP_ALIVE_SECONDS = 75
"""Longer than the load balancer's idle timeout of 60 s, so that it closes idle connections."""

DRAIN_SECONDS = 20
"""Shorter than the task's stop timeout of 30 s."""


class Server(uvicorn.Server):
    """Ends live streams first, because open connections would delay the end of the process.

    A stop that was asked for ends with status 0, not by the signal that uvicorn would raise again.
    """

    services: Services
    loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and note the loop for the signal handler."""
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Have the loop drain, then end; a second signal ends at once."""
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True
        # Not here: the interrupted code may hold the lock of the hub.
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self.services.health.drain()
        if self.services.hub is not None:
            self.services.hub.stop()


def main(*, outbound: Outbound | None = None) -> int:
    """Serve; return the exit status. `outbound` is the composition's."""
    clock = SystemClock()
    try:
        settings = read_settings(os.environ)
    except Permanent as error:
        JsonLog(clock=clock, service=f"{SERVICE_NAME}-api").error(
            "api.bad_configuration", code=error.code, error=error.summary
        )
        return ExitCode.BAD_CONFIGURATION
    log = settings.log("api", clock)
    services = compose(settings, clock=clock, log=log, environ=os.environ, outbound=outbound)
    config = uvicorn.Config(
        create_app(services),
        host=os.environ.get(HOST_VARIABLE, HOST),
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ws_max_size=1 << 16,
        ws_max_queue=4,
    )
    server = Server(config)
    server.services = services
    log.info("api.starting", port=settings.port)
    server.run()
    log.info("api.stopped")
    return ExitCode.SUCCESS if server.started else ExitCode.RETRYABLE_FAILURE


if __name__ == "__main__":
    sys.exit(main())
