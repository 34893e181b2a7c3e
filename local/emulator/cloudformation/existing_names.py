"""Gap (1.5.33, upstream): a stack takes over what exists under the name it gives.

On AWS the creation fails, also where an earlier, failed creation of the same stack has retained it.
"""

from collections.abc import Callable

from ministack.services import (
    backup,
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    ecr,
    kms,
    lambda_svc,
    sns,
    sqs,
)

from local.emulator.cloudformation.handlers import Properties, refuse
from local.emulator.permissions.requests import arn

NAMED: dict[str, tuple[str, Callable[[str], bool]]] = {
    "AWS::Backup::BackupVault": ("BackupVaultName", lambda name: name in backup._vaults),
    "AWS::CloudWatch::Alarm": ("AlarmName", lambda name: name in cloudwatch._alarms),
    "AWS::DynamoDB::GlobalTable": ("TableName", lambda name: name in dynamodb._tables),
    "AWS::DynamoDB::Table": ("TableName", lambda name: name in dynamodb._tables),
    "AWS::ECR::Repository": ("RepositoryName", lambda name: name in ecr._repositories),
    "AWS::KMS::Alias": ("AliasName", lambda name: arn("kms", name) in kms._aliases),
    "AWS::Lambda::Function": ("FunctionName", lambda name: name in lambda_svc._functions),
    "AWS::Logs::LogGroup": ("LogGroupName", lambda name: name in cloudwatch_logs._log_groups),
    "AWS::SNS::Topic": ("TopicName", lambda name: arn("sns", name) in sns._topics),
    "AWS::SQS::Queue": ("QueueName", lambda name: sqs._queue_url(name) in sqs._queues),
}
"""By resource type: the property that names it, and whether such a resource exists.

Of a bucket's name ministack itself says that it exists."""


def install() -> None:
    """Refuse to create what exists."""
    for resource_type, (name, exists) in NAMED.items():
        refuse(resource_type, _existing(resource_type, name, exists))


def _existing(
    resource_type: str, property_name: str, exists: Callable[[str], bool]
) -> Callable[[Properties], str | None]:
    def reason(properties: Properties) -> str | None:
        name = properties.get(property_name)
        if not name or not exists(str(name)):
            return None
        return f"Resource of type '{resource_type}' with identifier '{name}' already exists."

    return reason
