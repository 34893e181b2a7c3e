"""Physical names, tags, and what happens to data when its stack goes."""

from dataclasses import dataclass

from aws_cdk import Aws, RemovalPolicy

from cdk.config import EnvironmentConfig
from runtime.core.contract import SERVICE_NAME

RELEASES = f"{SERVICE_NAME}-releases"
"""The repository of images that were built to be promoted from environment to environment."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one environment's resources: people and alarms find them without a look-up.

    Bucket names are global, so they carry account and region, as tokens unless both are pinned.
    Roles are named by CloudFormation: they are global within an account, and nobody types them.
    """

    environment: str

    def stack(self, part: str) -> str:
        """Return a stack's name, such as `lifestream-dev-network`."""
        return f"{SERVICE_NAME}-{self.environment}-{part}"

    @property
    def media_bucket(self) -> str:
        """The bucket of uploads, checkpoints and results."""
        return self._bucket("media")

    @property
    def access_log_bucket(self) -> str:
        """The bucket of the media bucket's access logs."""
        return self._bucket("access-logs")

    @property
    def jobs_table(self) -> str:
        """The table of job records."""
        return self._named("jobs")

    @property
    def idempotency_table(self) -> str:
        """The table of what was dispatched and processed."""
        return self._named("idempotency")

    @property
    def jobs_queue(self) -> str:
        """The queue of uploads to process."""
        return self._named("jobs")

    @property
    def jobs_dlq(self) -> str:
        """The queue of messages that were received too often."""
        return self._named("jobs-dlq")

    @property
    def work_queue(self) -> str:
        """The queue of jobs that wait for a worker."""
        return self._named("work")

    @property
    def work_dlq(self) -> str:
        """The queue of jobs that workers received too often."""
        return self._named("work-dlq")

    @property
    def cluster(self) -> str:
        """The ECS cluster."""
        return self._named("cluster")

    @property
    def processor(self) -> str:
        """The processor's image repository and task definition family."""
        return self._named("processor")

    @property
    def worker(self) -> str:
        """The service of workers and its task definition family."""
        return self._named("worker")

    @property
    def gpu_work_queue(self) -> str:
        """The queue of jobs that wait for a worker with a GPU."""
        return self._named("gpu-work")

    @property
    def gpu_work_dlq(self) -> str:
        """The queue of jobs that workers with a GPU received too often."""
        return self._named("gpu-work-dlq")

    @property
    def gpu_worker(self) -> str:
        """The service of workers with a GPU and its task definition family."""
        return self._named("gpu-worker")

    @property
    def gpu(self) -> str:
        """The machines with a GPU: their Auto Scaling group and capacity provider."""
        return self._named("gpu")

    @property
    def dispatcher(self) -> str:
        """The dispatcher function."""
        return self._named("dispatcher")

    @property
    def reaper(self) -> str:
        """The reaper function."""
        return self._named("reaper")

    @property
    def reaper_dlq(self) -> str:
        """The queue of events that the reaper could not deal with."""
        return self._named("reaper-dlq")

    @property
    def processor_log_group(self) -> str:
        """Where the processor's lines go."""
        return f"/ecs/{self.processor}"

    @property
    def dispatcher_log_group(self) -> str:
        """Where the dispatcher's lines go."""
        return f"/aws/lambda/{self.dispatcher}"

    @property
    def reaper_log_group(self) -> str:
        """Where the reaper's lines go."""
        return f"/aws/lambda/{self.reaper}"

    @property
    def flow_log_group(self) -> str:
        """Where the VPC's flow records go."""
        return f"/vpc/{self._named('flow')}"

    @property
    def alarm_topic(self) -> str:
        """The topic that alarms tell people by."""
        return self._named("alarms")

    @property
    def budget(self) -> str:
        """The budget of the environment, and its chat configuration: both are the account's."""
        return f"{SERVICE_NAME}-{self.environment}"

    @property
    def dashboard(self) -> str:
        """The dashboard of the environment; an account has one list of them for all regions."""
        return f"{SERVICE_NAME}-{self.environment}-{Aws.REGION}"

    @property
    def key_alias(self) -> str:
        """What people know the environment's key by."""
        return f"alias/{SERVICE_NAME}-{self.environment}"

    @property
    def backup_vault(self) -> str:
        """The vault of the tables' daily copies."""
        return self._named("backup")

    def alarm(self, what: str) -> str:
        """Return an alarm's name, such as `lifestream-dev-jobs-failed`."""
        return f"{SERVICE_NAME}-{self.environment}-{what}"

    def _named(self, what: str) -> str:
        return f"{SERVICE_NAME}-{what}-{self.environment}"

    def _bucket(self, what: str) -> str:
        return f"{self._named(what)}-{Aws.ACCOUNT_ID}-{Aws.REGION}"


def log_groups_arn(environment: str) -> str:
    """Return the pattern of ARNs of all log groups named here."""
    groups = f"log-group:/*/{SERVICE_NAME}-*-{environment}"
    return f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:{groups}"


def budget_arn(names: Names) -> str:
    """Return the ARN of an environment's budget, which is in no region."""
    return f"arn:{Aws.PARTITION}:budgets::{Aws.ACCOUNT_ID}:budget/{names.budget}"


def bucket_arn(bucket_name: str) -> str:
    """Return the ARN of a bucket known by name, for policies that precede the bucket."""
    return f"arn:{Aws.PARTITION}:s3:::{bucket_name}"


def tags(environment: EnvironmentConfig) -> dict[str, str]:
    """Return the tags of everything in an environment, for cost reports and access rules."""
    return {"Service": SERVICE_NAME, "Environment": environment.name}


def removal_policy(environment: EnvironmentConfig) -> RemovalPolicy:
    """Return RETAIN where data must outlive its stack, else DESTROY."""
    return RemovalPolicy.RETAIN if environment.retain_data else RemovalPolicy.DESTROY
