"""Launcher: the emulator's process, ministack with every gap closed, until it is stopped.

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

from local.emulator import asgi, patching, permissions, version
from local.emulator.autoscaling import api as autoscaling_api
from local.emulator.cloudformation import resource_types
from local.emulator.cloudwatch import alarms, embedded_metrics
from local.emulator.ecs import (
    agent_endpoint,
    daemon,
    events,
    execute_command,
    health_checks,
    protection,
    run_task,
    service_scheduler,
    stop_task,
    task_tags,
    vcpu_quota,
)
from local.emulator.ecs.blue_green import api as blue_green_api
from local.emulator.load_balancing import front_doors, request_metrics, targets, weighted_rules
from local.emulator.services import (
    bedrock,
    dynamodb_conflicts,
    dynamodb_tokens,
    ecr,
    eventbridge,
    guardduty,
    lambda_concurrency,
    lambda_images,
    lambda_logs,
    lambda_mappings,
    lambda_runtime,
    managed_policies,
    s3_default_key,
    s3_kms_etag,
    secret_references,
    sqs_long_poll,
    sqs_move_task,
    ssm_public,
    xray,
)
from local.emulator.settings import HOST, Settings

KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 0.2
LIST_PATCHES = "--patches"


def main() -> None:
    """Serve until SIGTERM, SIGINT or, when asked to, the end of standard input."""
    version.check()
    settings = Settings.from_environment()
    processes, application = install(settings)
    if LIST_PATCHES in sys.argv:
        print_patches()
        leave(processes)
    if settings.stop_with_parent:
        threading.Thread(target=stop_with_parent, args=(processes,), daemon=True).start()
    try:
        asyncio.run(serve_until_stopped(settings, application))
    finally:
        leave(processes)


def install(settings: Settings) -> tuple[daemon.ProcessDaemon, asgi.Application]:
    """Close every gap; the order matters where one wraps what another installed.

    Return the daemon, so that it can be shut down, and the application to serve.
    """
    processes = daemon.install(settings)
    patching.apply(events, task_tags)
    vcpu_quota.install(settings.quotas)
    run_task.install()
    patching.apply(execute_command)
    stop_task.install(processes, events.announce)
    protections = protection.install()
    agent = agent_endpoint.install(protections)
    scheduler = service_scheduler.install(protections)
    health_checks.install(processes, scheduler.wake.set)
    patching.apply(weighted_rules)
    blue_green_api.install(scheduler.wake.set)
    targets.install(processes)
    patching.apply(request_metrics)
    front_doors.install(processes, settings.front_doors, gateway_port=settings.plain_port)
    scalable_targets = autoscaling_api.install()
    alarms.install(scalable_targets)
    lambda_runtime.install(settings.lambda_python, settings.images)
    lambda_images.install(settings.images)
    lambda_concurrency.install(settings.quotas.lambda_concurrency)
    patching.apply(lambda_logs)
    lambda_mappings.install()
    patching.apply(bedrock, dynamodb_conflicts, dynamodb_tokens, eventbridge, guardduty)
    patching.apply(embedded_metrics, s3_default_key, s3_kms_etag, ecr, managed_policies)
    patching.apply(secret_references, ssm_public)
    s3_kms_etag.install()
    managed_policies.add()
    secret_references.install()
    sqs_move_task.install()
    xray.install()
    resource_types.install(scalable_targets)
    permissions.install(settings)
    application = asgi.with_routes(
        sqs_long_poll.cancel_on_disconnect(ministack_app.app), *agent.routes()
    )
    return processes, application


def print_patches() -> None:
    """Print a line for each patch: what is changed, by which module, and the gap."""
    for patch in patching.applied():
        print(patch.target, patch.module, patch.gap, sep="\t", flush=True)


async def serve_until_stopped(settings: Settings, application: asgi.Application) -> None:
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
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await serve(application, config, shutdown_trigger=stopped.wait)


def stop_with_parent(processes: daemon.ProcessDaemon) -> None:
    """Wait for the end of standard input, which only the parent holds open, then leave."""
    sys.stdin.buffer.read()
    leave(processes)


def leave(processes: daemon.ProcessDaemon) -> None:
    """End every task and function, then this process, whatever its threads are doing."""
    processes.kill_all()
    ministack_lambda.reset()
    os._exit(0)


if __name__ == "__main__":
    main()
