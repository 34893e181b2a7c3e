"""The emulator's process: ministack with every gap closed, until it is told to stop.

Started by `local.emulator.__main__`, which gives it an environment of its own.
"""

import asyncio
import os
import signal
import sys
import threading

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack_app
from ministack.core import lambda_runtime as ministack_lambda

from local.emulator import (
    agent_endpoint,
    alarms,
    application_autoscaling,
    asgi,
    cloudformation_backup,
    cloudformation_budgets,
    cloudformation_deletion,
    cloudformation_ecs,
    cloudformation_network,
    cloudformation_scaling,
    cloudformation_service,
    cloudformation_storage,
    ecr_images,
    ecs_events,
    ecs_processes,
    ecs_protection,
    ecs_run_task,
    ecs_stop_task,
    embedded_metrics,
    eventbridge_functions,
    health_checks,
    lambda_runtime,
    permissions,
    s3_default_key,
    secret_references,
    service_scheduler,
    sqs_long_poll,
    sqs_move_task,
    version,
    xray,
)
from local.emulator.settings import HOST, Settings
from runtime.core.clock import SystemClock

KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 0.2


def main() -> None:
    """Serve until SIGTERM, SIGINT or, when asked to, the end of standard input."""
    version.check()
    settings = Settings.from_environment()
    daemon, application = install(settings)
    if settings.stop_with_parent:
        threading.Thread(target=stop_with_parent, args=(daemon,), daemon=True).start()
    try:
        asyncio.run(serve_until_told(settings, application))
    finally:
        leave(daemon)


def install(settings: Settings) -> tuple[ecs_processes.ProcessDaemon, asgi.Application]:
    """Close every gap; the order matters where one wraps what another installed.

    Return the daemon, so that it can be shut down, and the application to serve.
    """
    daemon = ecs_processes.install(settings)
    ecs_events.install()
    ecs_run_task.install()
    ecs_stop_task.install(daemon, ecs_events.announce)
    protections = ecs_protection.install()
    agent = agent_endpoint.install(protections)
    scheduler = service_scheduler.install(protections)
    health_checks.install(daemon, scheduler.wake.set)
    scaling = application_autoscaling.install()
    alarms.install(scaling)
    lambda_runtime.install(settings.lambda_python)
    eventbridge_functions.install()
    embedded_metrics.install()
    s3_default_key.install()
    ecr_images.install()
    secret_references.install()
    sqs_move_task.install()
    xray.install()
    cloudformation_storage.install()
    cloudformation_network.install()
    cloudformation_ecs.install()
    cloudformation_service.install()
    cloudformation_scaling.install(scaling)
    cloudformation_deletion.install()
    cloudformation_backup.install()
    cloudformation_budgets.install()
    permissions.install(settings)
    application = asgi.in_front_of(
        sqs_long_poll.ending_with_its_client(ministack_app.app),
        {agent_endpoint.AGENT_PATH: agent.state, agent_endpoint.FAULTS_PATH: agent.switch},
        SystemClock(),
    )
    return daemon, application


async def serve_until_told(settings: Settings, application: asgi.Application) -> None:
    """Serve on the loopback interface."""
    config = Config()
    config.bind = [f"{HOST}:{settings.port}"]
    if settings.enforcement:
        config.insecure_bind = [f"{HOST}:{settings.enforcement.plain_port}"]
        config.certfile = str(settings.enforcement.certificate)
        config.keyfile = str(settings.enforcement.key)
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.graceful_timeout = SHUTDOWN_SECONDS
    config.loglevel = "WARNING"
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await serve(application, config, shutdown_trigger=told.wait)


def stop_with_parent(daemon: ecs_processes.ProcessDaemon) -> None:
    """Wait for the end of standard input, which only the parent holds open, then leave."""
    sys.stdin.buffer.read()
    leave(daemon)


def leave(daemon: ecs_processes.ProcessDaemon) -> None:
    """End every task and function, then this process, whatever its threads are doing."""
    daemon.kill_all()
    ministack_lambda.reset()
    os._exit(0)


if __name__ == "__main__":
    main()
