"""Composition root of a processor with one job: environment in, exit code out."""

import os
from collections.abc import Callable, Mapping

from runtime.core.clock import Clock, MonotonicClock, SystemClock
from runtime.core.contract import EnvVar, ExitCode
from runtime.core.log import JsonLog, Log
from runtime.core.metrics import EmbeddedMetrics
from runtime.core.spans import about
from runtime.core.telemetry import Telemetry
from runtime.core.tracer import Tracing
from runtime.processor.attempt import Attempt, Ports
from runtime.processor.composition import (
    connect,
    connect_tracing,
    flush_traces_before,
    listen_for_stop,
    packaged_toolkit,
    stop_when_due,
    write_line,
)
from runtime.processor.host.library_log import forward_library_logs
from runtime.processor.host.task_metadata import read_task_arn, read_task_size
from runtime.processor.pipeline.toolkit import Toolkit
from runtime.processor.settings import AttemptSettings, BadConfigurationError, ProcessorSettings
from runtime.processor.supervision.interruption import Interruption


def run(
    environ: Mapping[str, str],
    *,
    ports: Callable[[ProcessorSettings], Ports] = connect,
    toolkit: Callable[[ProcessorSettings], Toolkit] = packaged_toolkit,
    traces: Callable[[ProcessorSettings, MonotonicClock, Log], Tracing] = connect_tracing,
    clock: Clock | None = None,
    write: Callable[[str], object] = write_line,
    abort: Callable[[ExitCode], None] = os._exit,
) -> ExitCode:
    """Process the job that the environment names and return how it ended."""
    clock = clock or SystemClock()
    try:
        settings = AttemptSettings.from_environ(environ)
    except BadConfigurationError as error:
        job_id = environ.get(EnvVar.JOB_ID)
        log = JsonLog(clock=clock, write=write, **(about(job_id) if job_id else {}))
        log.error("configuration.bad", reason=str(error))
        return ExitCode.BAD_CONFIGURATION
    identity = {**about(settings.job_id), "attempt": settings.attempt}
    log = JsonLog(clock=clock, level=settings.log_level, write=write, **identity)
    shutdown = listen_for_stop(settings, clock=clock, log=log)
    forward_library_logs(log)
    tracing = traces(settings, clock, log)
    outcome = Attempt(
        job_id=settings.job_id,
        number=settings.attempt,
        task_arn=read_task_arn(settings.task_metadata_uri, log),
        ports=ports(settings),
        toolkit=toolkit(settings),
        interruption=Interruption(
            clock=clock,
            timeout_seconds=settings.timeout_seconds,
            find_stop_reason=stop_when_due(shutdown),
        ),
        work_dir=settings.work_dir,
        clock=clock,
        telemetry=Telemetry(
            log=log,
            metrics=EmbeddedMetrics(
                clock=clock, environment=settings.environment, write=write, **identity
            ),
            tracing=tracing,
        ),
        timeouts=settings.watchdog_timeouts,
        abort=flush_traces_before(tracing, abort),
        max_runs=settings.max_runs,
        task_size=read_task_size(settings.task_metadata_uri, log),
    ).run()
    tracing.flush()
    log.info("process.ended", exit_code=int(outcome.code), meaning=outcome.code.name.lower())
    return outcome.code
