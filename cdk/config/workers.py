"""The tables of workers: how many, on which machines, and the queue they pull from."""

from cdk.config.settings import Settings, Violation, Violations, rule, setting
from cdk.config.values import GpuInstanceType, ImageTag


class WorkersConfig(Settings):
    """What every kind of warm workers has."""

    idle_minutes: int = setting("how long a worker without work stays warm", ge=1, le=180)
    visibility_timeout_seconds: int = setting(
        "how long a job of a worker that died before it began stays hidden",
        ge=120,
        le=43200,
        why="a worker's heart beats every half minute; SQS allows 12 hours",
    )
    max_receive_count: int = setting(
        "how often a message is received before it is a dead letter",
        ge=5,
        le=1000,
        why="a worker about to go gives messages back unread",
    )
    job_timeout_seconds: int = setting(
        "the longest that one attempt at a job may take in a worker",
        ge=60,
        le=9900,
        why="deployments wait for workers, and CloudFormation gives up after 3 hours",
    )
    standby: bool = setting(
        "keep workers that get no new jobs (the pool: while launch is on_demand) until theirs are"
        " done"
    )


class PoolConfig(WorkersConfig):
    """The service of warm workers and the queue they pull from."""

    min_tasks: int = setting("workers that are kept even without jobs", ge=0, le=100)
    max_tasks: int = setting("workers at the most", ge=1, le=200)
    backlog_per_task: int = setting(
        "jobs for each worker, the one in work and those that wait", ge=1, le=100
    )
    start_seconds: int = setting(
        "how long new workers take to start, before more are asked for", ge=60, le=900
    )
    on_demand_base: int = setting("so many workers are never on Spot capacity", ge=0, le=200)
    on_demand_weight: int = setting(
        "share of on-demand capacity among the other workers", ge=0, le=1000
    )
    spot_weight: int = setting(
        "share of Spot capacity among them; it may be taken away at two minutes' notice",
        ge=0,
        le=1000,
    )

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

    instance_type: GpuInstanceType = setting("the machines; one worker on each")
    max_tasks: int = setting("machines at the most; there may be none", ge=1, le=20)
    cpu: int = setting(
        "processor time kept for the worker; at most what the machine has",
        ge=1024,
        le=196608,
        why="1024 for each vCPU of the machine",
    )
    memory_mib: int = setting(
        "memory kept for the worker; at most what the machine leaves",
        ge=4096,
        le=2000000,
        why="a machine keeps about a tenth for itself",
    )
    disk_gib: int = setting(
        "each machine's encrypted disk, for the system, the image and the video",
        ge=50,
        le=1000,
        why="the system and the image take 30",
    )
    image_tag: ImageTag = setting("the image's gpu variant in the same repository")
    start_seconds: int = setting(
        "how long a machine and its worker take to start, before more are asked for",
        ge=180,
        le=1800,
        why="a machine starts, then pulls the image",
    )
