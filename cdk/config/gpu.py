"""The table of the GPU target: which machines, how many, and the queue they work off."""

from dataclasses import dataclass

from cdk.config import rules
from cdk.config.settings import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuConfig:
    """Workers on EC2 machines with a GPU, for uploads that ask for one."""

    instance_type: str = setting(
        rules.text(r"(g|p)\d[a-z0-9-]*\.\d*(x?large|metal)", "an EC2 type with a GPU: g4dn.xlarge"),
        "the machines; one worker on each",
    )
    max_tasks: int = setting(rules.whole_number(1, 20), "machines at the most; there may be none")
    cpu: int = setting(
        rules.whole_number(1024, 196608, "1024 for each vCPU of the machine"),
        "processor time kept for the worker; at most what the machine has",
    )
    memory_mib: int = setting(
        rules.whole_number(4096, 2000000, "a machine keeps about a tenth for itself"),
        "memory kept for the worker; at most what the machine leaves",
    )
    disk_gib: int = setting(
        rules.whole_number(50, 1000, "the system and the image take 30"),
        "each machine's encrypted disk, for the system, the image and the video",
    )
    image_tag: str = setting(rules.IMAGE_TAG, "the image's gpu variant in the same repository")
    idle_minutes: int = setting(
        rules.WORKER_IDLE_MINUTES, "how long a worker without work stays warm"
    )
    start_seconds: int = setting(
        rules.whole_number(180, 1800, "a machine starts, then pulls the image"),
        "how long a machine and its worker take to start, before more are asked for",
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
        "the longest that one attempt at a job may take",
    )
    standby: bool = setting(
        rules.true_or_false(),
        "keep the workers, but give them no new jobs: before they are removed",
    )
