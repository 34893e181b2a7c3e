"""Composition root of a processor with one job: environment in, exit code out."""

import os
from collections.abc import Callable, Mapping

from runtime.core.clock import Clock, SystemClock
from runtime.core.contract import EnvVar, ExitCode
from runtime.core.log import JsonLog
from runtime.core.metrics import EmbeddedMetrics
from runtime.processor.attempt import Attempt, Ports
from runtime.processor.composition import (
    connect,
    listen_for_stop,
    out_of_time,
    real_tools,
    write_line,
)
from runtime.processor.interruption import Interruption
from runtime.processor.library_log import log_what_libraries_say
from runtime.processor.settings import BadConfigurationError, Settings
from runtime.processor.task_metadata import read_machine, read_task_arn
from runtime.processor.tools import MediaTools


def run(
    environ: Mapping[str, str],
    *,
    ports: Callable[[Settings], Ports] = connect,
    tools: Callable[[Settings], MediaTools] = real_tools,
    clock: Clock | None = None,
    write: Callable[[str], object] = write_line,
    abort: Callable[[ExitCode], None] = os._exit,
) -> ExitCode:
    """Process the job that the environment names and return what became of it."""
    clock = clock or SystemClock()
    try:
        settings = Settings.from_environ(environ)
    except BadConfigurationError as error:
        log = JsonLog(clock=clock, write=write)
        log.error("configuration.bad", reason=str(error), job_id=environ.get(EnvVar.JOB_ID))
        return ExitCode.BAD_CONFIGURATION
    identity = {"job_id": settings.job_id, "attempt": settings.attempt}
    log = JsonLog(clock=clock, level=settings.log_level, write=write, **identity)
    shutdown = listen_for_stop(settings, clock=clock, log=log)
    log_what_libraries_say(log)
    code = (
        Attempt(
            job_id=settings.job_id,
            number=settings.attempt,
            task_arn=read_task_arn(settings.task_metadata_uri, log),
            ports=ports(settings),
            tools=tools(settings),
            interruption=Interruption(
                clock=clock,
                timeout_seconds=settings.timeout_seconds,
                must_leave=out_of_time(shutdown),
            ),
            work_dir=settings.work_dir,
            clock=clock,
            log=log,
            metrics=EmbeddedMetrics(
                clock=clock, environment=settings.environment, write=write, **identity
            ),
            patience=settings.patience,
            abort=abort,
            max_runs=settings.max_runs,
            machine=read_machine(settings.task_metadata_uri, log),
        )
        .run()
        .code
    )
    log.info("process.ended", exit_code=int(code), meaning=code.name.lower())
    return code
