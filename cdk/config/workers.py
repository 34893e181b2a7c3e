"""The tables of workers: how many, on which machines, and the queue they pull from."""

from cdk.config.settings import Settings, Violation, Violations, rule, whole
from cdk.config.values import GpuInstanceType, ImageTag


class WorkersConfig(Settings):
    """What every kind of warm workers has."""

    idle_minutes: int = whole(1, 180)
    """How long a worker without work stays warm."""
    visibility_timeout_seconds: int = whole(
        120, 43200, "a worker's heart beats every half minute; SQS allows 12 hours"
    )
    """How long a job of a worker that died before it began stays hidden."""
    max_receive_count: int = whole(5, 1000, "a worker about to go gives messages back unread")
    """How often a message is received before it is a dead letter."""
    job_timeout_seconds: int = whole(
        60, 9900, "deployments wait for workers, and CloudFormation gives up after 3 hours"
    )
    """The longest that one attempt at a job may take in a worker."""
    standby: bool
    """Keep workers that get no new jobs (the pool: while launch is on_demand) until theirs are
    done."""


class PoolConfig(WorkersConfig):
    """The service of warm workers and the queue they pull from."""

    min_tasks: int = whole(0, 100)
    """Workers that are kept even without jobs."""
    max_tasks: int = whole(1, 200)
    """Workers at the most."""
    backlog_per_task: int = whole(1, 100)
    """Jobs for each worker, the one in work and those that wait."""
    start_seconds: int = whole(60, 900)
    """How long new workers take to start, before more are asked for."""
    on_demand_base: int = whole(0, 200)
    """So many workers are never on Spot capacity."""
    on_demand_weight: int = whole(0, 1000)
    """Share of on-demand capacity among the other workers."""
    spot_weight: int = whole(0, 1000)
    """Share of Spot capacity among them; it may be taken away at two minutes' notice."""

    @rule
    def _fewest_within_most(self) -> Violations:
        if self.min_tasks > self.max_tasks:
            yield Violation("min_tasks", f"at most pool.max_tasks = {self.max_tasks}")

    @rule
    def _base_within_capacity(self) -> Violations:
        if self.on_demand_base > self.max_tasks:
            yield Violation("on_demand_base", f"at most pool.max_tasks = {self.max_tasks}")
        elif self.on_demand_base and not self.on_demand_weight:
            yield Violation(
                "on_demand_base",
                "0 while pool.on_demand_weight = 0 (ECS places nothing on capacity of no weight)",
            )

    @rule
    def _some_capacity(self) -> Violations:
        if self.spot_weight + self.on_demand_weight == 0:
            yield Violation(
                "spot_weight",
                "at least 1 while pool.on_demand_weight = 0 (workers need some capacity)",
            )


class GpuConfig(WorkersConfig):
    """Workers on EC2 machines with a GPU, for uploads that ask for one."""

    instance_type: GpuInstanceType
    """The machines; one worker on each."""
    max_tasks: int = whole(1, 20)
    """Machines at the most; there may be none."""
    cpu: int = whole(1024, 196608, "1024 for each vCPU of the machine")
    """Processor time kept for the worker; at most what the machine has."""
    memory_mib: int = whole(4096, 2_000_000, "a machine keeps about a tenth for itself")
    """Memory kept for the worker; at most what the machine leaves."""
    disk_gib: int = whole(50, 1000, "the system and the image take 30")
    """Each machine's encrypted disk, for the system, the image and the video."""
    image_tag: ImageTag
    """The image's gpu variant in the same repository."""
    start_seconds: int = whole(180, 1800, "a machine starts, then pulls the image")
    """How long a machine and its worker take to start, before more are asked for."""
