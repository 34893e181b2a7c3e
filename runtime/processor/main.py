"""Composition root of the processor: environment in, exit code out."""

import os
import sys
from collections.abc import Callable, Mapping

from runtime.aws import clients
from runtime.aws.jobs import DynamoJobStore
from runtime.aws.objects import S3ObjectStore
from runtime.core.clock import Clock, SystemClock
from runtime.core.contract import EnvVar, ExitCode
from runtime.core.log import JsonLog
from runtime.core.metrics import EmbeddedMetrics
from runtime.processor.attempt import Attempt, Ports
from runtime.processor.interruption import Interruption, stop_on_signals
from runtime.processor.library_log import log_what_libraries_say
from runtime.processor.settings import BadConfigurationError, Settings
from runtime.processor.task_metadata import read_task_arn
from runtime.processor.tools import MediaTools, media_tools


def connect(settings: Settings) -> Ports:
    """Return the adapters of the account this task runs in."""
    return Ports(
        objects=S3ObjectStore(clients.s3(settings.region)),
        jobs=DynamoJobStore(
            clients.dynamodb(settings.region),
            jobs_table=settings.jobs_table,
            idempotency_table=settings.idempotency_table,
        ),
    )


def real_tools(settings: Settings) -> MediaTools:
    """Return the media tools with the models that the image holds, on all processors."""
    return media_tools(
        models_dir=settings.models_dir,
        asr_model=settings.asr_model,
        threads=os.cpu_count() or 1,
    )


def write_line(line: str) -> None:
    """Write to standard output at once: what is buffered dies with the process."""
    sys.stdout.write(line)
    sys.stdout.flush()


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
    log = JsonLog(
        clock=clock,
        level=settings.log_level,
        write=write,
        job_id=settings.job_id,
        attempt=settings.attempt,
    )
    interruption = Interruption(clock=clock, timeout_seconds=settings.timeout_seconds)
    stop_on_signals(interruption)
    log_what_libraries_say(log)
    code = Attempt(
        job_id=settings.job_id,
        number=settings.attempt,
        task_arn=read_task_arn(settings.task_metadata_uri, log),
        ports=ports(settings),
        tools=tools(settings),
        interruption=interruption,
        work_dir=settings.work_dir,
        clock=clock,
        log=log,
        metrics=EmbeddedMetrics(
            clock=clock,
            environment=settings.environment,
            write=write,
            job_id=settings.job_id,
            attempt=settings.attempt,
        ),
        patience=settings.patience,
        abort=abort,
    ).run()
    log.info("process.ended", exit_code=int(code), meaning=code.name.lower())
    return code
