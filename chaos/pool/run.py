"""One run of a pool from its deployment to its report."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chaos.command import Say
from chaos.experiment import RunSize, distinct, experiment
from chaos.ledger import NO_JOB, Breach, Violation
from chaos.outages import CAPACITY
from chaos.pollers import Pollers
from chaos.pool.agent_faults import AgentFaults
from chaos.pool.log_audit import audit, job_met_by_stop
from chaos.pool.pool_plan import pool_plan
from chaos.pool.report import PoolReport
from chaos.pool.service_churn import ServiceChurn
from chaos.pool.workers import shorten_worker_timeouts
from chaos.system import System
from chaos.uploads import Uploads, counted
from local.pool import Pool
from runtime.core.contract import Launch, Output

LOOK_SECONDS = 0.5
SAY_SECONDS = 5.0
EMPTY_SECONDS = 90.0
"""Several visibility timeouts, and the start of a worker on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize(RunSize):
    """`deployments` are spread over the jobs."""

    deployments: int
    protection: bool


def run(size: PoolSize, folder: Path, say: Say) -> PoolReport:
    """Run once; `folder` is left with the logs of all processes."""
    plan = pool_plan(size.seed, size.jobs)
    with experiment(size, plan, folder, say, launch=Launch.POOL) as under_test:
        system, uploads, log = under_test.system, under_test.uploads, under_test.log
        outages, fault_log = under_test.outages, under_test.fault_log
        pool = Pool(system.cloud, system.outputs)

        def has_capacity() -> bool:
            out = outages.has(CAPACITY)
            if out:
                fault_log.count_outage(CAPACITY)
            return not out

        churn = ServiceChurn(
            pool, seed=size.seed, receiving=uploads.receiving, has_capacity=has_capacity
        )
        fault = AgentFaults(
            system.cloud.endpoint_url,
            seed=size.seed,
            outages=outages,
            on_outage_met=lambda calls: fault_log.count_outage("ecs", calls),
        )
        operators = under_test.operators(redrive=False)
        with under_test.oracle.sampler:
            shorten_worker_timeouts(system, pool, protection=size.protection)
            protection = "on" if size.protection else "off"
            log(f"workers have short timeouts, protection {protection}; videos are uploaded now")
            outages.begin()
            with operators, uploads.acting(), fault, churn, Pollers(system, outages):
                for line in progress(size, system, uploads, churn):
                    log(line)
            pool.scale_to_zero()
            gone = pool.await_empty()
        log(
            f"{churn.scalings} changes of how many workers are wanted, "
            f"{fault.count} faults of the agent, {operators.sweeps} sweeps, "
            f"{uploads.people.acts} acts of people; {counted(fault_log.kinds)}"
        )
        logs = tuple(streams(system))
        for worker in logs:
            if lines := job_met_by_stop(worker):
                log("a worker was stopped at work:\n" + "\n".join(lines))
        verdict, violations = under_test.judge()
        log(f"dead letters of the work queue: {system.messages(Output.WORK_DLQ_URL)}")
        late = (Violation(Breach.STUCK, each, "has not ended in time") for each in uploads.open)
        found = distinct(violations, late, left(system, ended=uploads.finished))
    return PoolReport(
        jobs=size.jobs,
        stops=audit(logs),
        killed=len(verdict.killed),
        deployments=churn.deployments,
        violations=found,
        idle_gone_seconds=gone,
    )


def progress(
    size: PoolSize, system: System, uploads: Uploads, churn: ServiceChurn
) -> Iterator[str]:
    """Upload as jobs end and deploy on the way until all have ended; yield lines of progress."""
    deadline = time.monotonic() + size.limit_seconds
    said = 0.0
    finished = False

    def line() -> str:
        workers = len(system.tasks())
        ended = counted(uploads.ended) or "none ended"
        return f"{ended}, {len(uploads.open)} under way, {workers} workers"

    # The last workers also receive what is outdated by then; without workers it would stay.
    while not (finished and is_empty(system)) and time.monotonic() < deadline:
        for _ in uploads.step():
            pass
        done, planned = churn.deployments, size.deployments
        if done < planned and uploads.ended.total() >= size.jobs * (done + 1) / (planned + 1):
            churn.deploy()
            yield "every worker is to be replaced"
        if time.monotonic() - said >= SAY_SECONDS:
            said = time.monotonic()
            yield line()
        time.sleep(LOOK_SECONDS)
        if uploads.finished and not finished:
            finished = True
            deadline = min(deadline, time.monotonic() + EMPTY_SECONDS)
    yield line()


def streams(system: System) -> Iterator[list[str]]:
    """Yield the lines of each worker in their order."""
    logs, group = system.cloud.client("logs"), system.outputs[Output.PROCESSOR_LOG_GROUP]
    for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in page["logStreams"]:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, logStreamNames=[stream["logStreamName"]]
            )
            yield [event["message"] for found in pages for event in found["events"]]


def is_empty(system: System) -> bool:
    """Return whether no message waits for a worker or is hidden from the others."""
    return system.messages(Output.WORK_QUEUE_URL) == 0


def left(system: System, *, ended: bool) -> Iterator[Violation]:
    """Yield the work that is left in the queues of the pool.

    A run stops workers in minutes as often as a day does in production, and each receive of a
    stopped worker counts. Once all jobs have `ended`, a dead letter holds no work.
    """
    queues = [Output.WORK_QUEUE_URL] if ended else [Output.WORK_QUEUE_URL, Output.WORK_DLQ_URL]
    for queue in queues:
        if count := system.messages(queue):
            yield Violation(Breach.STUCK, NO_JOB, f"{queue} still has {count} message(s)")
