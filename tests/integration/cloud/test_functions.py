import io
import json
import sys
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import toolchain
from local.cloud import LocalCloud
from tests.integration.cloud.stacks import Stacks, resource
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud

CODE = Path(__file__).with_name("function") / "probe_function.py"


class Functions:
    """Creates functions from a zip and calls them."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.client = cloud.client("lambda")
        role = cloud.client("iam").create_role(
            RoleName=f"probe-{uuid.uuid4().hex[:8]}", AssumeRolePolicyDocument="{}"
        )
        self.role = role["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
        cloud.client("iam").put_role_policy(
            RoleName=role["Role"]["RoleName"],
            PolicyName="logs",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def create(self, handler: str, **variables: str) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(CODE, CODE.name)
        name = f"probe-{uuid.uuid4().hex[:8]}"
        self.client.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=self.role,
            Handler=f"{CODE.stem}.{handler}",
            Code={"ZipFile": packed.getvalue()},
            Timeout=20,
            Environment={"Variables": variables},
        )
        return name

    def call(self, name: str) -> dict[str, Any]:
        answer = self.client.invoke(FunctionName=name, Payload=b"{}")
        report: dict[str, Any] = json.loads(answer["Payload"].read())
        return report


@pytest.fixture(scope="module")
def functions(cloud: LocalCloud) -> Functions:
    return Functions(cloud)


@pytest.fixture(scope="module")
def report(functions: Functions) -> dict[str, Any]:
    """What a function says of itself."""
    return functions.call(functions.create("report", JOBS_TABLE="any-table"))


def test_should_import_its_own_dependencies_and_nothing_of_the_launcher(
    report: dict[str, Any],
) -> None:
    assert report["has"] == ["boto3"]
    launchers = {path for path in sys.path if "site-packages" in path}
    assert launchers.isdisjoint(report["path"])
    own = str(toolchain.LAMBDA_PYTHON.parent.parent)
    packages = [path for path in report["path"] if "site-packages" in path]
    assert packages
    assert all(Path(path).is_relative_to(own) for path in packages)


def test_should_see_its_own_variables_and_lambdas_only(
    report: dict[str, Any], cloud: LocalCloud
) -> None:
    environment = report["environment"]
    assert environment["JOBS_TABLE"] == "any-table"
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint_url
    assert environment["AWS_REGION"] == "us-east-1"
    strange = {
        name
        for name in environment
        if not name.startswith(("AWS_", "_LAMBDA_", "LAMBDA_TASK_ROOT", "_X_AMZN_"))
    }
    # The last is how ministack stops functions that call each other without end.
    assert strange <= {"JOBS_TABLE", "PATH", "LANG", "TZ", "LC_CTYPE", "_MINISTACK_INVOKE_DEPTH"}


def test_should_know_its_remaining_time(report: dict[str, Any]) -> None:
    assert 0 < report["remaining_milliseconds"] <= 20_000


def test_should_keep_a_function_warm(functions: Functions) -> None:
    name = functions.create("report")
    assert functions.call(name)["pid"] == functions.call(name)["pid"]


def test_should_bring_back_only_the_failed_messages_of_a_batch(
    functions: Functions, cloud: LocalCloud
) -> None:
    sqs = cloud.client("sqs")
    dead = sqs.create_queue(QueueName=f"dead-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    dead_arn = queue_arn(sqs, dead)
    queue = sqs.create_queue(
        QueueName=f"probe-{uuid.uuid4().hex[:8]}",
        Attributes={
            "VisibilityTimeout": "20",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}),
        },
    )["QueueUrl"]
    entries = [
        {"Id": str(i), "MessageBody": json.dumps({"number": i, "fail": i == 1})} for i in range(3)
    ]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    mapping = functions.client.create_event_source_mapping(
        EventSourceArn=queue_arn(sqs, queue),
        FunctionName=functions.create("fail_some"),
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        Enabled=False,
    )
    # A mapping is refused where messages are hidden for less than the function's time limit.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    functions.client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    dead_messages = until(
        lambda: sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"),
        "the poison message is in the dead letter queue",
    )
    assert [json.loads(m["Body"])["number"] for m in dead_messages] == [1]
    sqs.change_message_visibility(
        QueueUrl=dead, ReceiptHandle=dead_messages[0]["ReceiptHandle"], VisibilityTimeout=0
    )
    left = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == "0"
    assert left["ApproximateNumberOfMessagesNotVisible"] == "0"
    # Redriven, it fails twice more and is back.
    sqs.start_message_move_task(SourceArn=dead_arn)
    again = until(
        lambda: sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"),
        "the redriven message is in the dead letter queue again",
    )
    assert [m["MessageId"] for m in again] != [m["MessageId"] for m in dead_messages]
    moves = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    assert moves[0]["ApproximateNumberOfMessagesMoved"] == 1


def test_should_try_a_rules_event_again_and_then_keep_it(
    functions: Functions, cloud: LocalCloud
) -> None:
    sqs, events = cloud.client("sqs"), cloud.client("events")
    name = functions.create("fail")
    queue = sqs.create_queue(QueueName=f"failed-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    functions.client.put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue_arn(sqs, queue)}},
    )
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    function = functions.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": function}])
    events.put_events(Entries=[{"Source": name, "DetailType": "any", "Detail": "{}"}])

    (kept,) = until(
        lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), "the failed event is kept"
    )

    assert json.loads(kept["Body"])["requestPayload"]["source"] == name
    logged = cloud.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert [event["message"] for event in logged].count("failing") == 2


def test_should_refuse_a_queue_that_shows_messages_before_the_function_times_out(
    functions: Functions, cloud: LocalCloud, stacks: Stacks
) -> None:
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(
        QueueName=f"probe-{uuid.uuid4().hex[:8]}", Attributes={"VisibilityTimeout": "19"}
    )["QueueUrl"]
    mapping = {"EventSourceArn": queue_arn(sqs, queue), "FunctionName": functions.create("report")}
    message = "visibility timeout: 19 seconds is less than Function timeout: 20 seconds"
    with pytest.raises(ClientError, match=message):
        functions.client.create_event_source_mapping(**mapping)
    refused = {"Mapping": resource("Lambda::EventSourceMapping", **mapping)}
    assert message in stacks.failed_creation(refused)


def queue_arn(sqs: Any, url: str) -> str:
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    arn: str = attributes["QueueArn"]
    return arn
