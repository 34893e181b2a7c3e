"""One run of a pool from its deployment to its report."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from chaos.command import Say
from chaos.fault_log import FaultLog
from chaos.ledger import NO_JOB, Breach, Ledger, Violation
from chaos.operators import Operators
from chaos.oracle.verdict import Oracle
from chaos.outages import CAPACITY, Outages, outages_not_met, spread_over_outages
from chaos.pollers import polls_stopped_in_outages
from chaos.pool.agent_faults import AgentFaults
from chaos.pool.log_audit import audit, job_met_by_stop
from chaos.pool.pool_plan import pool_plan
from chaos.pool.report import PoolReport
from chaos.pool.service_churn import ServiceChurn
from chaos.pool.workers import shorten_worker_timeouts
from chaos.proxy import serving
from chaos.report import check_final_state
from chaos.system import Budgets, System, deployed, operator_environment
from chaos.uploads import Uploads, counted, timed
from local.pool import Pool
from runtime.core.contract import Launch, Output

LOOK_SECONDS = 0.5
SAY_SECONDS = 5.0
EMPTY_SECONDS = 90.0
"""Several visibility timeouts, and the start of a worker on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSize:
    """How much a run does; `limit_seconds` is for all jobs, `deployments` are spread over them."""

    jobs: int
    seed: int
    in_flight: int
    deployments: int
    protection: bool
    limit_seconds: float
    outage_seconds: float = 0.0
    other_version: str | None = None


def run(size: PoolSize, folder: Path, say: Say) -> PoolReport:
    """Run once; `folder` is left with the logs of all processes."""
    plan = spread_over_outages(pool_plan(size.seed, size.jobs), size.outage_seconds)
    (folder / "plan.txt").write_text("".join(line + "\n" for line in plan.lines()))
    log = timed(say)
    protection = "on" if size.protection else "off"
    log(f"seed {size.seed}: {plan.size} faults are planned, protection {protection}, see {folder}")
    with (
        serving() as proxy,
        deployed(
            proxy,
            folder,
            log,
            launch=Launch.POOL,
            budgets=Budgets.PRODUCTION,
            other_version=size.other_version,
        ) as system,
    ):
        ledger = Ledger(lambda _job, _attempt: False)
        outages = Outages(seconds=size.outage_seconds, began=time.monotonic(), now=time.monotonic)
        fault_log = FaultLog(plan, folder / "faults.jsonl")
        uploads = Uploads(
            system,
            proxy,
            plan=plan,
            fault_log=fault_log,
            ledger=ledger,
            folder=folder,
            in_flight=size.in_flight,
            outages=outages,
        )
        oracle = Oracle(system, uploads.videos, seed=size.seed)
        oracle.start()
        pool = Pool(system.cloud, system.outputs)
        shorten_worker_timeouts(system, pool, protection=size.protection)
        log("the workers have short timeouts; the first videos are uploaded")

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
        operators = Operators(system, *operator_environment(system, proxy, folder), redrive=False)
        outages.begin()
        churn.start()
        fault.start()
        operators.start()
        with polls_stopped_in_outages(system, outages):
            for line in progress(size, system, uploads, churn):
                log(line)
        churn.stop()
        fault.stop()
        uploads.stop()
        operators.stop()
        pool.scale_to_zero()
        gone = pool.await_empty()
        oracle.stop()
        log(
            f"{churn.scalings} changes of how many workers are wanted, "
            f"{fault.count} faults of the agent, {operators.sweeps} sweeps, "
            f"{uploads.people.acts} acts of people; {counted(fault_log.kinds)}"
        )
        logs = tuple(streams(system))
        for worker in logs:
            if lines := job_met_by_stop(worker):
                log("a worker was stopped at work:\n" + "\n".join(lines))
        system.keep_logs(folder / "logs")
        verdict = oracle.judge(folder / "logs", fault_log.disturbed, ledger.written)
        log(str(verdict))
        log(f"dead letters of the work queue: {system.messages(Output.WORK_DLQ_URL)}")
        found = (
            *ledger.violations,
            *outages_not_met(fault_log.kinds, size.outage_seconds),
            *verdict.violations,
            *(Violation(Breach.STUCK, each, "has not ended in time") for each in uploads.open),
            *check_final_state(system, uploads.videos),
            *left(system, ended=uploads.finished),
        )
    return PoolReport(
        jobs=size.jobs,
        stops=audit(logs),
        killed=len(verdict.killed),
        deployments=churn.deployments,
        violations=tuple(dict.fromkeys(found)),
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
