"""Statements that grant one capability each: exact actions on exact resources, with conditions.

CDK's own `grant_*` methods also allow actions that nothing here calls (tags, scans, batch writes).
The bucket is given by ARN, made of its name, which reads better in a policy than an export's id.
"""

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs

from cdk.naming import local_arn
from runtime.core.contract import RESULTS_PREFIX, UPLOADS_PREFIX, WORK_PREFIX, JobsTable


def read_objects(bucket_arn: str, prefix: str) -> iam.PolicyStatement:
    """Read objects (and their heads) below a prefix."""
    return iam.PolicyStatement(actions=["s3:GetObject"], resources=[f"{bucket_arn}/{prefix}*"])


def write_objects(bucket_arn: str, *prefixes: str) -> iam.PolicyStatement:
    """Write objects below prefixes, and clear up after a broken multipart upload."""
    return iam.PolicyStatement(
        actions=["s3:PutObject", "s3:AbortMultipartUpload"],
        resources=[f"{bucket_arn}/{prefix}*" for prefix in prefixes],
    )


def delete_objects(bucket_arn: str, prefix: str) -> iam.PolicyStatement:
    """Delete current versions below a prefix; S3 keeps them as old versions for a while."""
    return iam.PolicyStatement(actions=["s3:DeleteObject"], resources=[f"{bucket_arn}/{prefix}*"])


def erase_objects(bucket_arn: str) -> list[iam.PolicyStatement]:
    """List and remove every version of uploads, checkpoints and results.

    Only the reaper may: with this right alone nothing can be restored. S3 knows no condition on
    the prefix where unfinished uploads are listed.
    """
    prefixes = (UPLOADS_PREFIX, WORK_PREFIX, RESULTS_PREFIX)
    return [
        iam.PolicyStatement(
            actions=["s3:ListBucketVersions"],
            resources=[bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}},
        ),
        iam.PolicyStatement(actions=["s3:ListBucketMultipartUploads"], resources=[bucket_arn]),
        iam.PolicyStatement(
            actions=["s3:DeleteObjectVersion", "s3:AbortMultipartUpload"],
            resources=[f"{bucket_arn}/{prefix}*" for prefix in prefixes],
        ),
    ]


def erase_records(jobs: dynamodb.ITable, idempotency: dynamodb.ITable) -> list[iam.PolicyStatement]:
    """Remove the records of jobs, and keep certificates in the idempotency table."""
    return [
        iam.PolicyStatement(actions=["dynamodb:DeleteItem"], resources=[jobs.table_arn]),
        iam.PolicyStatement(
            actions=["dynamodb:GetItem", "dynamodb:DeleteItem"],
            resources=[idempotency.table_arn],
        ),
    ]


def erase_traces(*tables: dynamodb.ITable) -> iam.PolicyStatement:
    """Find and delete the service's records that name a job."""
    return iam.PolicyStatement(
        actions=["dynamodb:Query", "dynamodb:DeleteItem"],
        resources=[table.table_arn for table in tables],
    )


def read_certificates(table: dynamodb.ITable) -> iam.PolicyStatement:
    """Read the certificates of erasures."""
    return iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=[table.table_arn])


def detect_missing_objects(bucket_arn: str) -> iam.PolicyStatement:
    """Have S3 answer 404 for a missing object.

    Without the right to list, S3 answers 403, and a deleted upload would look like a broken role.
    The statement has no condition on the prefix: a request for an object carries no `s3:prefix`.
    """
    return iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket_arn])


def list_objects(bucket_arn: str, prefix: str) -> iam.PolicyStatement:
    """List the objects below a prefix."""
    return iam.PolicyStatement(
        actions=["s3:ListBucket"],
        resources=[bucket_arn],
        conditions={"StringLike": {"s3:prefix": f"{prefix}*"}},
    )


def read_and_write_jobs(table: dynamodb.ITable) -> iam.PolicyStatement:
    """Read job records and replace them, in transactions or alone."""
    return iam.PolicyStatement(
        actions=["dynamodb:GetItem", "dynamodb:PutItem"], resources=[table.table_arn]
    )


def list_jobs(table: dynamodb.ITable) -> iam.PolicyStatement:
    """List jobs by their state."""
    return iam.PolicyStatement(
        actions=["dynamodb:Query"],
        resources=[f"{table.table_arn}/index/{JobsTable.STATE_INDEX}"],
    )


def keep_records(*tables: dynamodb.ITable) -> iam.PolicyStatement:
    """Read, write, list and delete the records of service tables."""
    return iam.PolicyStatement(
        actions=[
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
            "dynamodb:Query",
        ],
        resources=[table.table_arn for table in tables],
    )


def list_own_jobs(table: dynamodb.ITable) -> list[iam.PolicyStatement]:
    """List jobs by owner and by state, read many at once."""
    return [
        iam.PolicyStatement(
            actions=["dynamodb:Query"],
            resources=[
                f"{table.table_arn}/index/{index}"
                for index in (JobsTable.OWNER_INDEX, JobsTable.STATE_INDEX)
            ],
        ),
        iam.PolicyStatement(actions=["dynamodb:BatchGetItem"], resources=[table.table_arn]),
    ]


def read_changes(table: dynamodb.ITable) -> list[iam.PolicyStatement]:
    """Be the consumer of a table's stream: what Lambda's event source does."""
    return [
        iam.PolicyStatement(
            actions=[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            ],
            resources=[str(table.table_stream_arn)],
        ),
        # ListStreams has no resource type.
        iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=["*"]),
    ]


def take_uploads(bucket_arn: str) -> list[iam.PolicyStatement]:
    """Have browsers upload by presigned URLs, read objects, publish corrections.

    A presigned URL may do what its signer may. Nothing here removes an upload: the reaper erases.
    """
    uploads, results, work = (
        f"{bucket_arn}/{prefix}*" for prefix in (UPLOADS_PREFIX, RESULTS_PREFIX, WORK_PREFIX)
    )
    return [
        iam.PolicyStatement(
            actions=["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            resources=[uploads],
        ),
        # Corrections are published beside what they correct.
        iam.PolicyStatement(actions=["s3:PutObject"], resources=[results]),
        iam.PolicyStatement(actions=["s3:GetObject"], resources=[uploads, results, work]),
        # The public copy of a revision replaces an older one.
        iam.PolicyStatement(actions=["s3:DeleteObject"], resources=[results]),
        detect_missing_objects(bucket_arn),
    ]


def scale_workers(cluster: ecs.ICluster, *services: str) -> list[iam.PolicyStatement]:
    """See worker services, and change how many workers there may be."""
    return [
        iam.PolicyStatement(
            actions=["ecs:DescribeServices"],
            resources=[
                local_arn("ecs", f"service/{cluster.cluster_name}/{name}") for name in services
            ],
        ),
        iam.PolicyStatement(
            actions=["application-autoscaling:RegisterScalableTarget"],
            resources=[local_arn("application-autoscaling", "scalable-target/*")],
            conditions={
                "StringEquals": {
                    "application-autoscaling:service-namespace": "ecs",
                    "application-autoscaling:scalable-dimension": "ecs:service:DesiredCount",
                }
            },
        ),
        # DescribeScalableTargets has no resource type.
        iam.PolicyStatement(
            actions=["application-autoscaling:DescribeScalableTargets"], resources=["*"]
        ),
    ]


def put_events(bus: events.IEventBus) -> iam.PolicyStatement:
    """Put events on a bus."""
    return iam.PolicyStatement(actions=["events:PutEvents"], resources=[bus.event_bus_arn])


def write_idempotency_records(table: dynamodb.ITable) -> iam.PolicyStatement:
    """Write idempotency records."""
    return iam.PolicyStatement(actions=["dynamodb:PutItem"], resources=[table.table_arn])


def protect_tasks(cluster: ecs.ICluster) -> iam.PolicyStatement:
    """Protect tasks of this cluster from scale-in, and see whether they are."""
    return iam.PolicyStatement(
        actions=["ecs:UpdateTaskProtection", "ecs:GetTaskProtection"],
        resources=[_tasks_of(cluster)],
        conditions=_in(cluster),
    )


def run_task(cluster: ecs.ICluster, definition: ecs.TaskDefinition) -> list[iam.PolicyStatement]:
    """Start this family's tasks in this cluster, tag them at their start, and find them again.

    Any revision: a policy that named one would be updated before the function that starts it, and
    deny the launches between.
    """
    roles = [definition.task_role.role_arn, definition.obtain_execution_role().role_arn]
    return [
        iam.PolicyStatement(
            actions=["ecs:RunTask"],
            resources=[local_arn("ecs", f"task-definition/{definition.family}:*")],
            conditions=_in(cluster),
        ),
        iam.PolicyStatement(
            actions=["ecs:TagResource"],
            resources=[_tasks_of(cluster)],
            conditions={"StringEquals": {"ecs:CreateAction": "RunTask"}},
        ),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        find_tasks(cluster),
    ]


def run_commands(audit_group: str) -> list[iam.PolicyStatement]:
    """Serve the sessions of ECS Exec and log them: what its agent does with the task's role.

    The actions of sessions have no resource type, and that of listing log groups no narrower one.
    """
    return [
        iam.PolicyStatement(
            actions=[
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
                "logs:DescribeLogGroups",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[local_arn("logs", f"log-group:{audit_group}:*")],
        ),
    ]


def find_tasks(cluster: ecs.ICluster) -> iam.PolicyStatement:
    """Find tasks of this cluster by what started them."""
    # ListTasks has no task resource; the condition limits it.
    return iam.PolicyStatement(actions=["ecs:ListTasks"], resources=["*"], conditions=_in(cluster))


def stop_tasks(cluster: ecs.ICluster) -> iam.PolicyStatement:
    """Stop tasks of this cluster."""
    return iam.PolicyStatement(
        actions=["ecs:StopTask"], resources=[_tasks_of(cluster)], conditions=_in(cluster)
    )


def send_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Add messages to a queue."""
    return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])


def consume_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Receive messages from a queue, extend their visibility timeout, and delete them."""
    return iam.PolicyStatement(
        actions=["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"],
        resources=[queue.queue_arn],
    )


def count_messages(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Read a queue's length."""
    return iam.PolicyStatement(actions=["sqs:GetQueueAttributes"], resources=[queue.queue_arn])


def feed_function(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Be a queue's consumer: what Lambda's event source does with the function's role."""
    return iam.PolicyStatement(
        actions=["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        resources=[queue.queue_arn],
    )


def process_jobs(
    bucket_arn: str,
    *,
    jobs_table: dynamodb.ITable,
    idempotency_table: dynamodb.ITable,
    key: kms.IKey | None,
) -> list[iam.PolicyStatement]:
    """Read uploads, write checkpoints and results, keep the records of jobs.

    Results are read for their public copy, and deleted once newer ones have replaced them.
    """
    return [
        read_objects(bucket_arn, UPLOADS_PREFIX),
        read_objects(bucket_arn, WORK_PREFIX),
        read_objects(bucket_arn, RESULTS_PREFIX),
        delete_objects(bucket_arn, RESULTS_PREFIX),
        write_objects(bucket_arn, WORK_PREFIX, RESULTS_PREFIX),
        detect_missing_objects(bucket_arn),
        read_and_write_jobs(jobs_table),
        write_idempotency_records(idempotency_table),
        *read_encrypted(key, "s3", "dynamodb"),
        *write_encrypted(key, "s3"),
    ]


def back_up_tables(tables: list[dynamodb.Table], vault_arn: str) -> list[iam.PolicyStatement]:
    """Copy tables into a vault: what AWS Backup does with its role.

    These are the actions of its advanced backups, which an account has unless it opted out.
    """
    return [
        iam.PolicyStatement(
            actions=[
                "dynamodb:DescribeTable",
                "dynamodb:ListTagsOfResource",
                "dynamodb:StartAwsBackupJob",
            ],
            resources=[table.table_arn for table in tables],
        ),
        iam.PolicyStatement(
            actions=["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"],
            resources=[vault_arn],
        ),
    ]


def copy_backups(vault_arn: str, copy_to: str | None) -> list[iam.PolicyStatement]:
    """Copy a vault's recovery points into another one, if there is one."""
    if copy_to is None:
        return []
    return [
        iam.PolicyStatement(actions=["backup:CopyFromBackupVault"], resources=[vault_arn]),
        iam.PolicyStatement(actions=["backup:CopyIntoBackupVault"], resources=[copy_to]),
    ]


def describe_key(key: kms.IKey | None, *services: str) -> list[iam.PolicyStatement]:
    """Describe the environment's key through these services, if it has one."""
    return _use(key, ["kms:DescribeKey"], services)


def send_traces() -> iam.PolicyStatement:
    """Send trace segments to X-Ray, which has no resource type for them."""
    return iam.PolicyStatement(actions=["xray:PutTraceSegments"], resources=["*"])


def read_encrypted(key: kms.IKey | None, *services: str) -> list[iam.PolicyStatement]:
    """Read what these services encrypt with the environment's key, if it has one.

    DynamoDB decrypts a table's own key with it for reads and for writes.
    """
    return _use(key, ["kms:Decrypt"], services)


def write_encrypted(key: kms.IKey | None, *services: str) -> list[iam.PolicyStatement]:
    """Write what these services encrypt with the environment's key, if it has one.

    S3 and SQS decrypt an earlier data key for another part or message.
    """
    return _use(key, ["kms:GenerateDataKey", "kms:Decrypt"], services)


def _use(
    key: kms.IKey | None, actions: list[str], services: tuple[str, ...]
) -> list[iam.PolicyStatement]:
    if key is None:
        return []
    # Only through a service: the role cannot call KMS directly.
    return [
        iam.PolicyStatement(
            actions=actions,
            resources=[key.key_arn],
            conditions={
                "StringEquals": {"kms:ViaService": [via_service(service) for service in services]}
            },
        )
    ]


def via_service(service: str) -> str:
    """Return a service's name in `kms:ViaService`."""
    return f"{service}.{Aws.REGION}.amazonaws.com"


def join_cluster(cluster: ecs.ICluster) -> list[iam.PolicyStatement]:
    """Join a cluster and run its tasks, as the ECS agent of an EC2 instance does."""
    machines = local_arn("ecs", f"container-instance/{cluster.cluster_name}/*")
    return [
        iam.PolicyStatement(
            # These know the cluster as their resource; the condition key `ecs:cluster`, which they
            # do not know, would deny them.
            actions=[
                *("ecs:RegisterContainerInstance", "ecs:DeregisterContainerInstance"),
                *("ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange"),
                "ecs:SubmitTaskStateChange",
            ],
            resources=[cluster.cluster_arn],
        ),
        iam.PolicyStatement(
            actions=[
                "ecs:Poll",
                "ecs:StartTelemetrySession",
                "ecs:UpdateContainerInstancesState",
            ],
            resources=[machines],
            conditions=_in(cluster),
        ),
        # The agent asks for its endpoint before it belongs to any cluster.
        iam.PolicyStatement(actions=["ecs:DiscoverPollEndpoint"], resources=["*"]),
    ]


def _in(cluster: ecs.ICluster) -> dict[str, dict[str, str]]:
    return {"ArnEquals": {"ecs:cluster": cluster.cluster_arn}}


def _tasks_of(cluster: ecs.ICluster) -> str:
    return local_arn("ecs", f"task/{cluster.cluster_name}/*")
