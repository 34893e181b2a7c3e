"""The table of the worker pool: how many, of which capacity, and how patient their queue is."""

from dataclasses import dataclass

from cdk.config import rules
from cdk.config.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """The service of warm workers and the queue they pull from."""

    min_tasks: int = setting(
        rules.whole_number(0, 100), "workers that are kept even when nothing is to be done"
    )
    max_tasks: int = setting(rules.whole_number(1, 200), "workers at the most")
    backlog_per_task: int = setting(
        rules.whole_number(1, 100), "jobs for each worker, the one in work and those that wait"
    )
    idle_minutes: int = setting(
        rules.WORKER_IDLE_MINUTES, "how long a worker without work stays warm"
    )
    start_seconds: int = setting(
        rules.whole_number(60, 900), "how long new workers take to start, before more are asked for"
    )
    on_demand_base: int = setting(
        rules.whole_number(0, 200), "so many workers are never on Spot capacity"
    )
    on_demand_weight: int = setting(
        rules.whole_number(0, 1000), "share of on-demand capacity among the other workers"
    )
    spot_weight: int = setting(
        rules.whole_number(0, 1000),
        "share of Spot capacity among them; it may be taken away at two minutes' notice",
    )
    visibility_timeout_seconds: int = setting(
        rules.WORKER_VISIBILITY_SECONDS,
        "how long a job of a worker that died before it began stays hidden",
    )
    max_receive_count: int = setting(
        rules.WORKER_RECEIVES, "how often a message is handed out before it is a dead letter"
    )
    job_timeout_seconds: int = setting(
        rules.WORKER_JOB_SECONDS,
        "the longest that one attempt at a job may take in a worker",
    )
    standby: bool = setting(
        rules.true_or_false(),
        "keep the workers while launch is on_demand, until what waits for them is done",
    )
