"""Composition root of a worker: environment in, exit code out."""

import os
import random
from collections.abc import Mapping

from runtime.aws import clients
from runtime.aws.queues import SqsQueue
from runtime.core.clock import Clock, SystemClock
from runtime.core.contract import SERVICE_NAME, VERSION, EnvVar, ExitCode
from runtime.core.errors import LifestreamError
from runtime.core.log import JsonLog, Log
from runtime.core.metrics import EmbeddedMetrics
from runtime.core.telemetry import Telemetry
from runtime.processor.composition import (
    connect,
    connect_tracing,
    flush_traces_before,
    listen_for_stop,
    packaged_toolkit,
    write_line,
)
from runtime.processor.host.library_log import forward_library_logs
from runtime.processor.host.task_metadata import read_task_arn, read_task_size
from runtime.processor.settings import BadConfigurationError, WorkerSettings
from runtime.processor.supervision.shutdown import Shutdown, stop_this_process
from runtime.processor.worker.backoff import Backoff
from runtime.processor.worker.health import HealthServer, worker_health
from runtime.processor.worker.inbox import Inbox
from runtime.processor.worker.job_runner import JobRunner
from runtime.processor.worker.worker import Worker
from runtime.protection.ecs_api import connect as connect_protection
from runtime.protection.environment import choose_client, read_protection_environment
from runtime.protection.errors import ProtectionError
from runtime.protection.manager import ProtectionManager
from runtime.protection.policy import gap_free
from runtime.protection.ports import Reports
from runtime.protection.selfcheck import Report, run_check

LOOPBACK = "127.0.0.1"


def run(environ: Mapping[str, str]) -> ExitCode:
    """Work on jobs until a stop is requested; return the exit code."""
    clock = SystemClock()
    service = f"{SERVICE_NAME}-worker"
    try:
        settings = WorkerSettings.from_environ(environ)
        log = JsonLog(clock=clock, level=settings.log_level, write=write_line, service=service)
        metrics = EmbeddedMetrics(clock=clock, environment=settings.environment, write=write_line)
        shutdown = listen_for_stop(settings, clock=clock, log=log)
        forward_library_logs(log)
        telemetry = Telemetry(
            log=log, metrics=metrics, tracing=connect_tracing(settings, clock, log)
        )
        protection = _protection(environ, clock=clock, telemetry=telemetry)
        task_arn = environ.get(EnvVar.ECS_TASK_ARN) or read_task_arn(
            settings.task_metadata_uri, log
        )
        worker = compose(
            settings,
            task_arn=task_arn,
            clock=clock,
            telemetry=telemetry,
            shutdown=shutdown,
            protection=protection,
        )
        health = HealthServer(
            host=LOOPBACK,
            port=settings.port,
            service=service,
            snapshot=lambda: worker_health(worker, environment=settings.environment),
        ).start()
    except (BadConfigurationError, LifestreamError, ProtectionError, OSError) as error:
        JsonLog(clock=clock, write=write_line, service=service).error(
            "configuration.bad", reason=str(error)
        )
        return ExitCode.BAD_CONFIGURATION
    log_report(_self_check(environ, log), log)
    protection.start()
    log.info("worker.started", port=health.port, task_arn=task_arn, version=VERSION)
    try:
        code = worker.run()
    finally:
        protection.close()
        health.close()
        telemetry.tracing.flush()
    log.info("process.ended", exit_code=int(code), meaning=code.name.lower())
    return code


def compose(
    settings: WorkerSettings,
    *,
    task_arn: str | None,
    clock: Clock,
    telemetry: Telemetry,
    shutdown: Shutdown,
    protection: ProtectionManager,
) -> Worker:
    """Return a worker on real adapters."""
    ports = connect(settings)
    sqs = clients.sqs(settings.region)
    polling = clients.sqs_polling(settings.region)
    work = SqsQueue(sqs, settings.work_queue_url, polling=polling)
    runner = JobRunner(
        settings=settings,
        ports=ports,
        toolkit=packaged_toolkit(settings),
        task_arn=task_arn,
        clock=clock,
        telemetry=telemetry,
        shutdown=shutdown,
        task_size=read_task_size(settings.task_metadata_uri, telemetry.log),
    )
    return Worker(
        inbox=Inbox(work),
        work=work,
        announcements=SqsQueue(sqs, settings.jobs_queue_url),
        jobs=ports.jobs,
        clock=clock,
        protection=protection,
        shutdown=shutdown,
        run_attempt=runner.run,
        visibility_seconds=settings.visibility_seconds,
        timeout_seconds=settings.timeout_seconds,
        telemetry=telemetry,
        polling=Backoff(pause=shutdown.wait, jitter=random.random),
        starting=Backoff(pause=shutdown.wait, jitter=random.random),
        abort=stop_this_process,
        exit_process=flush_traces_before(telemetry.tracing, os._exit),
    )


def _self_check(environ: Mapping[str, str], log: Log) -> Report:
    """Try protection once, before there is a job that needs it."""
    return run_check(
        environment=read_protection_environment(environ),
        choose=lambda found: choose_client(found, make_api_client=connect_protection, log=log),
    )


def log_report(report: Report, log: Log) -> None:
    """Log each step that failed with its fix, and the result.

    ECS Exec is off in production, so an operator cannot run `python -m runtime.protection check`
    there. A failure does not stop the worker: it takes no job while it cannot be protected.
    """
    for step in report.results:
        if not step.passed:
            log.error("protection.check_failed", step=step.step, seen=step.seen, fix=step.fix)
    log.info(
        "protection.checked",
        passed=report.passed,
        steps=[step.step for step in report.results],
        untouched=report.untouched,
    )


def _protection(
    environ: Mapping[str, str], *, clock: Clock, telemetry: Telemetry
) -> ProtectionManager:
    environment = read_protection_environment(environ)
    return ProtectionManager(
        client=choose_client(environment, make_api_client=connect_protection, log=telemetry.log),
        policy=gap_free(),
        monotonic=clock,
        wall=clock,
        reports=Reports(log=telemetry.log, count=telemetry.count),
        abort=stop_this_process,
        jitter=random.random,
        ecs_deployment=environment.in_ecs,
        required=environment.required,
    )
