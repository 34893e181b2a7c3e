"""Physical names, tags, and removal policies."""

from aws_cdk import Aws, RemovalPolicy

from cdk.config import EnvironmentConfig
from runtime.core.contract import SERVICE_NAME

RELEASES = f"{SERVICE_NAME}-releases"
"""The repository of images that were built to be promoted from environment to environment."""


class Names:
    """Names of one environment's resources: people and alarms find them without a look-up.

    Bucket names are global, so they carry account and region, as tokens unless both are pinned.
    Roles are named by CloudFormation: they are global within an account, and nothing refers to
    them by name.
    """

    def __init__(self, environment: str) -> None:
        self.environment = environment
        self.prefix = f"{SERVICE_NAME}-{environment}"
        # Data: buckets, tables, queues, images, key, copies of tables.
        self.media_bucket = self._bucket("media")
        self.access_log_bucket = self._bucket("access-logs")
        self.jobs_table = self._named("jobs")
        self.idempotency_table = self._named("idempotency")
        self.jobs_queue = self._named("jobs")
        self.jobs_dlq = self._named("jobs-dlq")
        self.work_queue = self._named("work")
        self.work_dlq = self._named("work-dlq")
        self.gpu_work_queue = self._named("gpu-work")
        self.gpu_work_dlq = self._named("gpu-work-dlq")
        self.reaper_dlq = self._named("reaper-dlq")
        self.uploads_table = self._named("uploads")
        self.api_keys_table = self._named("api-keys")
        self.webhooks_table = self._named("webhooks")
        self.sessions_table, self.reads_table = self._named("sessions"), self._named("reads")
        self.webhook_queue = self._named("webhooks")
        self.webhook_dlq = self._named("webhooks-dlq")
        self.events_dlq = self._named("events-dlq")
        self.event_bus = self.prefix
        self.user_pool = self.prefix
        self.key_alias = f"alias/{self.prefix}"
        self.backup_vault = self._named("backup")
        # Compute: the processor's name is also its image repository's and its family's; a worker
        # service shares its name with its family, and `gpu` is both the Auto Scaling group and
        # the capacity provider.
        self.cluster = self._named("cluster")
        self.processor = self._named("processor")
        self.worker = self._named("worker")
        self.gpu_worker = self._named("gpu-worker")
        self.gpu = self._named("gpu")
        self.dispatcher = self._named("dispatcher")
        self.reaper = self._named("reaper")
        self.events = self._named("events")
        # The service tier: image repository, load balancer, cache; and a service each.
        self.service_images = self._named("service")
        self.load_balancer = self.prefix
        self.cache = self.prefix
        self.api = self._named("api")
        self.web = self._named("web")
        # Observability: an account has one list of dashboards for all its regions.
        self.command_log_group = f"/ecs/{self._named('commands')}"
        self.processor_log_group = f"/ecs/{self.processor}"
        self.dispatcher_log_group = f"/aws/lambda/{self.dispatcher}"
        self.reaper_log_group = f"/aws/lambda/{self.reaper}"
        self.events_log_group = f"/aws/lambda/{self.events}"
        self.api_log_group = f"/ecs/{self.api}"
        self.web_log_group = f"/ecs/{self.web}"
        # AWS WAF demands the first part of the name.
        self.firewall_log_group = f"aws-waf-logs-{self.prefix}"
        self.flow_log_group = f"/vpc/{self._named('flow')}"
        self.alarm_topic = self._named("alarms")
        self.budget = self.prefix
        self.chat_configuration = self.prefix
        self.dashboard = f"{self.prefix}-{Aws.REGION}"

    @property
    def trail(self) -> str:
        """The record of calls on media objects."""
        return self._named("objects")

    def stack(self, part: str) -> str:
        """Return a stack's name, such as `lifestream-dev-network`."""
        return f"{self.prefix}-{part}"

    def alarm(self, name: str) -> str:
        """Return an alarm's name, such as `lifestream-dev-jobs-failed`."""
        return f"{self.prefix}-{name}"

    def _named(self, kind: str) -> str:
        return f"{SERVICE_NAME}-{kind}-{self.environment}"

    def _bucket(self, kind: str) -> str:
        return f"{self._named(kind)}-{Aws.ACCOUNT_ID}-{Aws.REGION}"


def local_arn(service: str, resource: str) -> str:
    """Return an ARN in the stack's own account and region."""
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"


def log_groups_arn(environment: str) -> str:
    """Return the pattern of ARNs of all log groups of an environment."""
    return local_arn("logs", f"log-group:/*/{SERVICE_NAME}-*-{environment}")


def budget_arn(names: Names) -> str:
    """Return the ARN of an environment's budget, which is in no region."""
    return f"arn:{Aws.PARTITION}:budgets::{Aws.ACCOUNT_ID}:budget/{names.budget}"


def anomalies_arn() -> str:
    """Return the pattern of the account's subscriptions to cost anomalies, which are in no region.

    AWS chooses their ids.
    """
    return f"arn:{Aws.PARTITION}:ce::{Aws.ACCOUNT_ID}:anomalysubscription/*"


def bucket_arn(bucket_name: str) -> str:
    """Return the ARN of a bucket known by name, for policies that precede the bucket."""
    return f"arn:{Aws.PARTITION}:s3:::{bucket_name}"


def tags(environment: EnvironmentConfig) -> dict[str, str]:
    """Return the tags of everything in an environment, for cost reports and access rules."""
    given = environment.tags
    optional = {
        "Owner": given and given.owner,
        "CostCentre": given and given.cost_centre,
        "DataClass": given and given.data_class,
    }
    own = {key: value for key, value in optional.items() if value}
    return {"Service": SERVICE_NAME, "Environment": environment.name, **own}


def removal_policy(environment: EnvironmentConfig) -> RemovalPolicy:
    """Return whether data outlives its stack; a failed creation leaves nothing in any case.

    What it left would have the names that the next attempt needs.
    """
    policy = RemovalPolicy
    return policy.RETAIN_ON_UPDATE_OR_DELETE if environment.retain_data else policy.DESTROY
