"""Names of the service, its stacks and their outputs."""

from enum import StrEnum

SERVICE_NAME = "lifestream"
VERSION = "0.1.0"


class Output(StrEnum):
    """CloudFormation outputs that operators, tests and the local cloud read."""

    MEDIA_BUCKET = "MediaBucketName"
    OBJECT_DAYS = "ObjectDays"
    JOBS_TABLE = "JobsTableName"
    IDEMPOTENCY_TABLE = "IdempotencyTableName"
    JOBS_QUEUE_URL = "JobsQueueUrl"
    JOBS_DLQ_URL = "JobsDlqUrl"
    WORK_QUEUE_URL = "WorkQueueUrl"
    WORK_DLQ_URL = "WorkDlqUrl"
    CLUSTER = "ClusterName"
    WORKER_SERVICE = "WorkerServiceName"
    PROCESSOR_LOG_GROUP = "ProcessorLogGroupName"
    DISPATCHER_FUNCTION = "DispatcherFunctionName"
    REAPER_FUNCTION = "ReaperFunctionName"
    ALARM_TOPIC = "AlarmTopicArn"
    API_URL = "ApiUrl"
    WEB_URL = "WebUrl"
    API_SERVICE = "ApiServiceName"
    WEB_SERVICE = "WebServiceName"
    LOAD_BALANCER = "LoadBalancerName"
    API_GATEWAY = "ApiGatewayId"
    WEB_GATEWAY = "WebGatewayId"
    API_DOMAIN = "ApiDomainName"
    WEB_DOMAIN = "WebDomainName"
    USER_POOL = "UserPoolId"
    USER_POOL_CLIENT = "UserPoolClientId"
    EVENT_BUS = "EventBusName"
    WEBHOOK_DLQ_URL = "WebhookDlqUrl"


def stack_prefix(environment: str) -> str:
    """Return the prefix of an environment's stack names, as in `lifestream-dev-network`."""
    return f"{SERVICE_NAME}-{environment}-"
