"""The enforcement itself: what it refuses beyond what the grants of the main path show."""

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.cloud import ACCOUNT, REGION
from runtime.core.contract import Output
from tests.integration.cloud.waiting import until
from tests.integration.permissions.identities import Identity, allow, policy, refused, trust
from tests.integration.permissions.system import BrokenError, System

pytestmark = pytest.mark.cloud

ARN = f"{REGION}:{ACCOUNT}"
OTHER_CLUSTER = "test-other-cluster"

ASK_FOR_CREDENTIALS = """
import os, urllib.error, urllib.request
url = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
def ask(token):
    try:
        request = urllib.request.Request(url, headers={"Authorization": token})
        return urllib.request.urlopen(request).read().decode()
    except urllib.error.HTTPError as error:
        return str(error.code)
print("given", ask(os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]))
print("stranger", ask("guessed"))
"""


@pytest.fixture(scope="module")
def other_cluster(system: System) -> str:
    made = system.client("ecs").create_cluster(clusterName=OTHER_CLUSTER)
    arn: str = made["cluster"]["clusterArn"]
    return arn


def test_should_refuse_who_is_granted_nothing(system: System) -> None:
    unsigned = Identity(system.deployed.cloud)

    with refused():
        unsigned.client("s3").list_objects_v2(Bucket=system.deployed.bucket)


def test_should_refuse_a_signature_of_a_guessed_secret(system: System) -> None:
    identity = Identity(system.deployed.cloud, allow("sqs:ListQueues"))
    identity._given["SecretAccessKey"] = "guessed"

    with refused("Signature"):
        identity.client("sqs").list_queues()


def test_should_judge_tasks_by_their_cluster(system: System, other_cluster: str) -> None:
    cluster = system.deployed.outputs[Output.CLUSTER]
    ours = f"arn:aws:ecs:{ARN}:cluster/{cluster}"
    identity = Identity(
        system.deployed.cloud, allow("ecs:ListTasks", ArnEquals={"ecs:cluster": ours})
    )
    ecs = identity.client("ecs")

    ecs.list_tasks(cluster=cluster)
    ecs.list_tasks(cluster=ours)
    with refused():
        ecs.list_tasks(cluster=OTHER_CLUSTER)
    with refused():
        ecs.list_tasks(cluster=other_cluster)


def test_should_deny_by_a_condition_key_that_the_action_does_not_have(system: System) -> None:
    cluster = system.deployed.outputs[Output.CLUSTER]
    ours = f"arn:aws:ecs:{ARN}:cluster/{cluster}"
    action = "ecs:SubmitTaskStateChange"
    conditioned = Identity(system.deployed.cloud, allow(action, ArnEquals={"ecs:cluster": ours}))
    plain = Identity(system.deployed.cloud, allow(action, [ours]))

    plain.client("ecs").submit_task_state_change(cluster=cluster)
    with refused():
        conditioned.client("ecs").submit_task_state_change(cluster=cluster)


def test_should_judge_a_task_by_its_arn(system: System, other_cluster: str) -> None:
    cluster = system.deployed.outputs[Output.CLUSTER]
    identity = Identity(
        system.deployed.cloud, allow("ecs:StopTask", f"arn:aws:ecs:{ARN}:task/{cluster}/*")
    )
    ecs = identity.client("ecs")
    unknown = uuid.uuid4().hex

    with refused("InvalidParameterException"):
        ecs.stop_task(cluster=cluster, task=unknown)
    with refused():
        ecs.stop_task(cluster=other_cluster, task=unknown)


@pytest.mark.parametrize(
    "service", ["lambda.amazonaws.com", "ec2.amazonaws.com"], ids=lambda name: name.split(".")[0]
)
def test_should_not_let_a_role_be_passed_to_another_service(system: System, service: str) -> None:
    identity = Identity(
        system.deployed.cloud,
        allow("ecs:RunTask"),
        allow("iam:PassRole", StringEquals={"iam:PassedToService": service}),
    )

    with refused():
        identity.client("ecs").run_task(
            cluster=system.deployed.outputs[Output.CLUSTER], taskDefinition=system.task_definition
        )


def test_should_give_a_container_its_roles_credentials_and_no_one_else(system: System) -> None:
    task = system.ended(system.run(ASK_FOR_CREDENTIALS, started_by="test"))

    group = system.deployed.outputs[Output.PROCESSOR_LOG_GROUP]
    stream = task["taskArn"].rsplit("/", 1)[-1]
    events = system.client("logs").filter_log_events(logGroupName=group)["events"]
    said = dict(
        event["message"].split(" ", 1)
        for event in events
        if event["logStreamName"].endswith(stream)
    )
    given = json.loads(said["given"])
    assert given["RoleArn"].endswith(system.roles["task"].name)
    assert {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} < set(given)
    assert said["stranger"] == "404"


@contextmanager
def trusting(system: System, role: str, **principal: str) -> Iterator[None]:
    """Have a role trust somebody else until the block ends."""
    iam, name = system.client("iam"), system.roles[role].name
    before = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(**principal))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(before))


def test_should_run_no_function_whose_role_does_not_trust_lambda(system: System) -> None:
    with (
        trusting(system, "reaper", Service="ec2.amazonaws.com"),
        pytest.raises(BrokenError, match="cannot be assumed by Lambda"),
    ):
        system.invoke(Output.REAPER_FUNCTION, {"detail-type": "Scheduled Event"})


@pytest.mark.parametrize("role", ["task", "execution"])
def test_should_start_no_task_whose_roles_do_not_trust_ecs(system: System, role: str) -> None:
    with trusting(system, role, Service="lambda.amazonaws.com"):
        task = system.ended(system.run("pass", started_by="test"))

    assert task["stopCode"] == "TaskFailedToStart"
    assert "unable to assume the role" in task["stoppedReason"]


def test_should_start_no_task_whose_secrets_its_execution_role_may_not_read(
    system: System,
) -> None:
    name = f"test-{uuid.uuid4().hex[:8]}"
    arn = system.client("secretsmanager").create_secret(Name=name, SecretString="kept")["ARN"]
    ecs = system.client("ecs")
    ours = ecs.describe_task_definition(taskDefinition=system.task_definition)["taskDefinition"]
    (container,) = ours["containerDefinitions"]
    made = ecs.register_task_definition(
        family=name,
        networkMode=ours["networkMode"],
        executionRoleArn=ours["executionRoleArn"],
        containerDefinitions=[{**container, "secrets": [{"name": "SECRET", "valueFrom": arn}]}],
    )["taskDefinition"]["taskDefinitionArn"]

    task = system.ended(system.run("pass", started_by="test", definition=made))

    assert task["stopCode"] == "TaskFailedToStart"
    assert "secretsmanager:GetSecretValue" in task["stoppedReason"]


def test_should_reach_a_function_by_a_rule_only_if_the_function_lets_it_in(system: System) -> None:
    events, function = system.client("events"), system.deployed.outputs[Output.REAPER_FUNCTION]
    target = system.client("lambda").get_function_configuration(FunctionName=function)[
        "FunctionArn"
    ]
    name = f"test-{uuid.uuid4().hex[:8]}"
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    unreadable = json.dumps({"detail-type": "ECS Task State Change", "mark": name})
    events.put_targets(Rule=name, Targets=[{"Id": "reaper", "Arn": target, "Input": unreadable}])

    def failed() -> int:
        return system.sum_of("AWS/Events", "FailedInvocations", RuleName=name)

    def announce() -> None:
        events.put_events(Entries=[{"Source": name, "DetailType": "test", "Detail": "{}"}])

    announce()
    until(lambda: failed() == 1, "the rule is turned away")

    system.client("lambda").add_permission(
        FunctionName=function,
        StatementId=name,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    announce()
    until(
        lambda: any(name in body for body in system.dead_events()),
        "the function fails on what the rule gives it",
    )
    assert failed() == 1


def test_should_say_403_of_a_missing_object_to_who_may_not_list(system: System) -> None:
    bucket = system.deployed.bucket
    reading = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    listing = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}")
    missing = {"Bucket": bucket, "Key": "uploads/missing.mp4"}

    for may_list, code in ((False, "AccessDenied"), (True, "NoSuchKey")):
        identity = Identity(system.deployed.cloud, reading, *([listing] if may_list else []))
        with refused(code):
            identity.client("s3").get_object(**missing)
        with refused("403" if code == "AccessDenied" else "404"):
            identity.client("s3").head_object(**missing)


def test_should_make_a_functions_log_group_only_if_its_role_may(system: System) -> None:
    name = f"test-{uuid.uuid4().hex[:8]}"
    iam, functions, logs = (system.client(each) for each in ("iam", "lambda", "logs"))
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=trust(Service="lambda.amazonaws.com")
    )["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("code.py", "def handle(event, context):\n    print('ran')\n")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="code.handle",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    writing = ["logs:CreateLogStream", "logs:PutLogEvents"]
    for actions, made in ((writing, False), (["logs:CreateLogGroup", *writing], True)):
        iam.put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=policy(allow(actions)))
        functions.invoke(FunctionName=name, Payload=b"{}")
        groups = logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"]
        assert bool(groups) == made
