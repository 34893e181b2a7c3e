"""What is encrypted with a key takes rights on the key, of roles and of services."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local.cloud import ACCOUNT, REGION
from tests.integration.permissions.identities import Identity, allow, policy, refused
from tests.integration.permissions.system import System

pytestmark = pytest.mark.cloud

ARN = f"{REGION}:{ACCOUNT}"

Use = Callable[[Any], object]


def in_bucket(system: System, key: str) -> tuple[str, list[str], Use]:
    name, s3 = f"test-{uuid.uuid4().hex[:8]}", system.client("s3")
    s3.create_bucket(Bucket=name)
    default = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    }
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [default]})
    s3.put_object(Bucket=name, Key="any", Body=b"1")
    return "s3", ["s3:GetObject"], lambda client: client.get_object(Bucket=name, Key="any")


def in_queue(system: System, key: str) -> tuple[str, list[str], Use]:
    url = system.client("sqs").create_queue(
        QueueName=f"test-{uuid.uuid4().hex[:8]}", Attributes={"KmsMasterKeyId": key}
    )["QueueUrl"]
    return (
        "sqs",
        ["sqs:SendMessage"],
        lambda client: client.send_message(QueueUrl=url, MessageBody="any"),
    )


def in_table(system: System, key: str) -> tuple[str, list[str], Use]:
    name = f"test-{uuid.uuid4().hex[:8]}"
    system.client("dynamodb").create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
    )
    return (
        "dynamodb",
        ["dynamodb:GetItem"],
        lambda client: client.get_item(TableName=name, Key={"id": {"S": "any"}}),
    )


def in_topic(system: System, key: str) -> tuple[str, list[str], Use]:
    arn = system.client("sns").create_topic(
        Name=f"test-{uuid.uuid4().hex[:8]}", Attributes={"KmsMasterKeyId": key}
    )["TopicArn"]
    return "sns", ["sns:Publish"], lambda client: client.publish(TopicArn=arn, Message="any")


@pytest.mark.parametrize(
    "kept", [in_bucket, in_queue, in_table, in_topic], ids=lambda kept: kept.__name__
)
def test_should_ask_for_rights_on_the_key_of_what_is_encrypted(
    system: System, kept: Callable[[System, str], tuple[str, list[str], Use]]
) -> None:
    everybody = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    key = system.client("kms").create_key(
        Policy=policy({**allow("kms:*"), "Principal": everybody})
    )["KeyMetadata"]["Arn"]
    service, actions, use = kept(system, key)
    through = f"{service}.{REGION}.amazonaws.com"
    on_key = ["kms:Decrypt", "kms:GenerateDataKey"]

    code = "AuthorizationError" if service == "sns" else "AccessDenied"
    with refused(code):
        use(Identity(system.deployed.cloud, allow(actions)).client(service))
    elsewhere = allow(on_key, key, StringEquals={"kms:ViaService": "ec2.amazonaws.com"})
    with refused(code):
        use(Identity(system.deployed.cloud, allow(actions), elsewhere).client(service))
    here = allow(on_key, key, StringEquals={"kms:ViaService": through})
    use(Identity(system.deployed.cloud, allow(actions), here).client(service))


@pytest.mark.parametrize("let_in", [False, True], ids=["shut-out", "let-in"])
def test_should_have_s3_send_to_a_queue_only_if_its_key_lets_s3_in(
    system: System, *, let_in: bool
) -> None:
    name, s3, sqs = f"test-{uuid.uuid4().hex[:8]}", system.client("s3"), system.client("sqs")
    s3.create_bucket(Bucket=name)
    administrator = {**allow("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    sending = {
        **allow(
            ["kms:Decrypt", "kms:GenerateDataKey"], StringEquals={"aws:SourceAccount": ACCOUNT}
        ),
        "Principal": {"Service": "s3.amazonaws.com"},
    }
    statements = [administrator, *([sending] if let_in else [])]
    key = system.client("kms").create_key(Policy=policy(*statements))["KeyMetadata"]["Arn"]
    queue = f"arn:aws:sqs:{ARN}:{name}"
    admitting = {**allow("sqs:SendMessage", queue), "Principal": {"Service": "s3.amazonaws.com"}}
    sqs.create_queue(
        QueueName=name, Attributes={"KmsMasterKeyId": key, "Policy": policy(admitting)}
    )
    notification = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]}

    def notify() -> None:
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration=notification
        )

    if let_in:
        notify()
    else:
        with refused("InvalidArgument"):
            notify()


@pytest.mark.parametrize("let_in", [False, True], ids=["shut-out", "let-in"])
def test_should_have_an_alarm_reach_a_topic_only_if_its_key_lets_cloudwatch_in(
    system: System, *, let_in: bool
) -> None:
    name = f"test-{uuid.uuid4().hex[:8]}"
    sns, sqs, cloudwatch = (system.client(each) for each in ("sns", "sqs", "cloudwatch"))
    administrator = {
        **allow("kms:*"),
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    }
    alarming = {
        **allow(["kms:Decrypt", "kms:GenerateDataKey"]),
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
    }
    statements = [administrator, *([alarming] if let_in else [])]
    key = system.client("kms").create_key(Policy=policy(*statements))["KeyMetadata"]["Arn"]
    topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    queue = f"arn:aws:sqs:{ARN}:{name}"
    admitting = {**allow("sqs:SendMessage", queue), "Principal": {"Service": "sns.amazonaws.com"}}
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy(admitting)})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="Any",
        Namespace="Any",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="any")
    received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20 if let_in else 2)
    assert bool(received.get("Messages")) == let_in
