"""The tables of workers: how many, on which machines, and the queue they pull from."""

from cdk.config.settings import Settings, Violations, rule, whole
from cdk.config.values import GpuInstanceType, ImageTag


class WorkersConfig(Settings):
    """Settings of every kind of warm workers."""

    idle_minutes: int = whole(1, 180)
    """How long an idle worker stays warm."""
    visibility_timeout_seconds: int = whole(
        120, 43200, "a worker sends a heartbeat every half minute; SQS allows 12 hours"
    )
    """How long a message stays hidden after a worker died before it started the job."""
    max_receive_count: int = whole(5, 1000, "a worker that stops returns its message")
    """Number of receives before a message becomes a dead letter."""
    job_timeout_seconds: int = whole(
        60, 9900, "deployments wait for workers, and CloudFormation gives up after 3 hours"
    )
    """Time limit of one attempt at a job in a worker."""
    standby: bool
    """Keep the workers without sending them new jobs, until their jobs are done (for the pool:
    while launch is on_demand)."""


class PoolConfig(WorkersConfig):
    """The service of warm workers and the queue they pull from."""

    min_tasks: int = whole(0, 100)
    """Minimum number of workers, kept even without jobs."""
    max_tasks: int = whole(1, 200)
    """Maximum number of workers."""
    backlog_per_task: int = whole(1, 100)
    """Number of jobs per worker, running and waiting."""
    start_seconds: int = whole(60, 900)
    """How long new workers take to start, before more are requested."""
    on_demand_base: int = whole(0, 200)
    """Number of workers that are never on Spot capacity."""
    on_demand_weight: int = whole(0, 1000)
    """Share of on-demand capacity among the other workers."""
    spot_weight: int = whole(0, 1000)
    """Share of Spot capacity among them, which AWS may reclaim with two minutes' notice."""

    @rule("min_tasks")
    def _fewest_within_most(self) -> Violations:
        if self.min_tasks > self.max_tasks:
            yield f"at most pool.max_tasks = {self.max_tasks}"

    @rule("on_demand_base")
    def _base_within_capacity(self) -> Violations:
        if self.on_demand_base > self.max_tasks:
            yield f"at most pool.max_tasks = {self.max_tasks}"
        elif self.on_demand_base and not self.on_demand_weight:
            yield "0 while pool.on_demand_weight = 0 (ECS places nothing on capacity of no weight)"

    @rule("spot_weight")
    def _some_capacity(self) -> Violations:
        if self.spot_weight + self.on_demand_weight == 0:
            yield "at least 1 while pool.on_demand_weight = 0 (workers need some capacity)"


class GpuConfig(WorkersConfig):
    """Workers on EC2 machines with a GPU, for uploads that request one."""

    instance_type: GpuInstanceType
    """EC2 instance type; each machine runs one worker."""
    max_tasks: int = whole(1, 20)
    """Maximum number of machines; the minimum is zero."""
    cpu: int = whole(1024, 196608, "1024 for each vCPU of the machine")
    """CPU units for the worker, at most those of the machine."""
    memory_mib: int = whole(4096, 2_000_000, "a machine needs about a tenth itself")
    """Memory for the worker, at most what the machine leaves."""
    disk_gib: int = whole(50, 1000, "the system and the image take 30")
    """Encrypted disk of each machine, for the system, the image and the video."""
    image_tag: ImageTag
    """The gpu variant of the image, in the same repository."""
    start_seconds: int = whole(180, 1800, "a machine starts, then pulls the image")
    """How long a machine and its worker take to start, before more are requested."""
