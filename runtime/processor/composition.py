"""What both composition roots of the processor share: adapters, toolkit, output and signals."""

import sys
from collections.abc import Callable

from runtime.aws import clients
from runtime.aws.job_store import DynamoJobStore
from runtime.aws.object_store import S3ObjectStore
from runtime.aws.xray import tracing_of
from runtime.core.clock import Clock, MonotonicClock
from runtime.core.contract import ExitCode
from runtime.core.log import Log
from runtime.core.tracer import Tracing
from runtime.processor.attempt import Ports
from runtime.processor.decoder.decoder import Decoder
from runtime.processor.decoder.starting import prepare_starter
from runtime.processor.host.resources import machine_capacity, threads_for
from runtime.processor.pipeline.toolkit import Toolkit, build_toolkit
from runtime.processor.settings import ProcessorSettings
from runtime.processor.summary_composition import connect_summaries
from runtime.processor.supervision.interruption import STOPPING
from runtime.processor.supervision.shutdown import Shutdown


def connect(settings: ProcessorSettings) -> Ports:
    """Return the adapters of the account this task runs in."""
    return Ports(
        objects=S3ObjectStore(clients.s3(settings.region)),
        jobs=DynamoJobStore(
            clients.dynamodb(settings.region),
            jobs_table=settings.jobs_table,
            idempotency_table=settings.idempotency_table,
        ),
    )


def connect_tracing(settings: ProcessorSettings, clock: MonotonicClock, log: Log) -> Tracing:
    """Return the tracing of this task; traces are dropped unless `TRACING` is on."""
    return tracing_of(
        wanted=settings.tracing,
        region=settings.region,
        environment=settings.environment,
        clock=clock,
        log=log,
    )


def flush_traces_before(
    tracing: Tracing, exit_process: Callable[[ExitCode], None]
) -> Callable[[ExitCode], None]:
    """Return `exit_process` with a flush of the traces before it, which takes about two seconds."""

    def flush_and_exit(code: ExitCode) -> None:
        tracing.flush()
        exit_process(code)

    return flush_and_exit


def packaged_toolkit(settings: ProcessorSettings) -> Toolkit:
    """Return the toolkit with the image's models, on all cores; children can start from now on."""
    prepare_starter()
    capacity = machine_capacity()
    return build_toolkit(
        models_dir=settings.models_dir,
        asr_model=settings.asr_model,
        capacity=capacity,
        threads=threads_for(capacity.cores),
        checkpoint_seconds=settings.checkpoint_seconds,
        device=settings.device,
        quality=settings.quality,
        summaries=connect_summaries(settings),
        known_voices=settings.known_voices,
        decoder=Decoder(
            memory_mb=min(settings.decoder_memory_mb, capacity.memory_mb),
            cpu_seconds=round(settings.timeout_seconds * capacity.cores),
            limits=settings.limits,
            audio_track=settings.audio_track,
            scene_model=settings.scene_model,
            models_dir=settings.models_dir,
            threads=capacity.cores,
        ),
    )


def write_line(line: str) -> None:
    """Write to standard output unbuffered: a buffer dies with the process."""
    sys.stdout.write(line)
    sys.stdout.flush()


def listen_for_stop(settings: ProcessorSettings, *, clock: Clock, log: Log) -> Shutdown:
    """Handle SIGTERM and SIGINT from now on."""
    shutdown = Shutdown(
        clock=clock,
        log=log,
        stop_timeout_seconds=settings.stop_timeout_seconds,
        margin_seconds=settings.stop_plan.margin_seconds,
    )
    shutdown.install()
    return shutdown


def stop_when_due(shutdown: Shutdown) -> Callable[[], str | None]:
    """Return a job's stop reason: none at first, so that the job may finish by itself."""
    return lambda: STOPPING if shutdown.overdue else None
