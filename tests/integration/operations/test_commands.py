"""A day of an operator: a video that fails, one that is stopped, dead letters, a broken bucket."""

from collections.abc import Iterator

import pytest

from local import toolchain
from runtime.core.clock import SystemClock
from runtime.core.contract import Output
from runtime.core.messages import Upload, confirm_message, requeue_message
from tests.integration.operations.conftest import Deployed

pytestmark = pytest.mark.cloud

BROKEN = b"no video at all"


@pytest.fixture
def failed(deployed: Deployed, request: pytest.FixtureRequest) -> str:
    """The key of an upload whose job has failed."""
    key = deployed.upload(f"uploads/{request.node.name} äß.mp4", BROKEN)
    watched = deployed.lifestream("jobs", "watch", key)
    assert watched.status == 1, watched
    assert "What to do:" in watched.out
    return key


@pytest.fixture
def unversioned(deployed: Deployed) -> Iterator[str]:
    """The media bucket, its versioning suspended for the time of a test."""
    bucket, s3 = deployed.outputs[Output.MEDIA_BUCKET], deployed.cloud.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    yield bucket
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def test_should_show_why_a_job_failed_and_run_it_again(deployed: Deployed, failed: str) -> None:
    before = deployed.lifestream("jobs", "show", failed, "--json").json
    assert before["failure"]["resolution"]
    listed = deployed.lifestream("jobs", "list", "--state", "FAILED", "--json").json
    assert before["job_id"] in {job["job_id"] for job in listed}

    assert deployed.lifestream("jobs", "retry", before["job_id"]).status == 0
    deployed.lifestream("jobs", "watch", before["job_id"])
    after = deployed.lifestream("jobs", "show", before["job_id"], "--json").json
    assert (after["state"], after["runs"], after["reruns"]) == ("FAILED", 1, 1)
    assert after["attempt"] > before["attempt"]
    assert after["task_arn"] != before["task_arn"]


def test_should_stop_the_task_of_a_cancelled_job(deployed: Deployed) -> None:
    # A long one: each command takes a second or more, and the job must not end before.
    key = deployed.upload("uploads/cancelled.mp4", toolchain.sample_video().read_bytes())
    job = _running(deployed, key)
    assert deployed.lifestream("jobs", "cancel", key).status == 0
    assert deployed.lifestream("jobs", "watch", key).status == 1
    ecs, cluster = deployed.cloud.client("ecs"), deployed.outputs[Output.CLUSTER]
    ecs.get_waiter("tasks_stopped").wait(
        cluster=cluster, tasks=[job["task_arn"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    assert deployed.lifestream("jobs", "show", key, "--json").json["state"] == "CANCELLED"


def test_should_redrive_dead_letters_through_the_claims(deployed: Deployed, failed: str) -> None:
    job = deployed.lifestream("jobs", "show", failed, "--json").json
    letter = deployed.bury(confirm_message(Upload(job["bucket"], failed)))
    deployed.bury(requeue_message("0" * 32))
    unreadable = deployed.bury("no message of ours")

    listed = deployed.lifestream("dlq", "list", "--json").json
    (ours,) = (each for each in listed if each["message_id"] == letter)
    assert ours["concerns"][0]["job"]["job_id"] == job["job_id"]
    sick = deployed.lifestream("doctor", "--json")
    assert sick.status == 1
    assert any("About 3 message(s)" in finding["what"] for finding in sick.json["findings"])

    assert deployed.lifestream("dlq", "redrive", "--all").status == 1
    deployed.lifestream("jobs", "watch", job["job_id"])
    again = deployed.lifestream("jobs", "show", job["job_id"], "--json").json
    assert (again["state"], again["reruns"]) == ("FAILED", job["reruns"] + 1)
    left = deployed.lifestream("dlq", "list", "--json").json
    assert [each["message_id"] for each in left] == [unreadable]

    assert deployed.lifestream("dlq", "purge").status == 1
    assert deployed.lifestream("dlq", "purge", "--yes").status == 0
    assert deployed.lifestream("dlq", "list", "--json").json == []


def test_should_restore_beside_what_is_there_and_remove_it(deployed: Deployed, failed: str) -> None:
    """Deleted objects are the first to come back."""
    bucket, s3 = deployed.outputs[Output.MEDIA_BUCKET], deployed.cloud.client("s3")
    s3.delete_object(Bucket=bucket, Key=failed)

    drill = deployed.lifestream("restore-drill", "--objects", "2", "--json")

    jobs = deployed.outputs[Output.JOBS_TABLE]
    (table,) = (each for each in drill.json["tables"] if each["table"] == jobs)
    assert drill.status == 0, drill
    assert table["restored"] >= 1
    assert drill.json["objects"]["restored"] == 2
    left = s3.list_objects_v2(Bucket=bucket, Prefix="restore-drill/")["KeyCount"]
    pages = deployed.cloud.client("dynamodb").get_paginator("list_tables").paginate()
    tables = [name for page in pages for name in page["TableNames"]]
    assert (left, [name for name in tables if "drill" in name]) == (0, [])


@pytest.fixture
def open_group(deployed: Deployed) -> Iterator[str]:
    """The VPC whose default security group was opened again."""
    client = deployed.cloud.client("ec2")
    stack = "lifestream-dev-network"
    (vpc,) = (
        each["PhysicalResourceId"]
        for each in deployed.cloud.client("cloudformation").list_stack_resources(StackName=stack)[
            "StackResourceSummaries"
        ]
        if each["ResourceType"] == "AWS::EC2::VPC"
    )
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = client.describe_security_groups(Filters=filters)["SecurityGroups"]
    client.authorize_security_group_egress(
        GroupId=group["GroupId"],
        IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    yield vpc
    assert "Closed: " in deployed.lifestream("protect").out


def test_should_find_what_was_changed_by_hand(
    deployed: Deployed, unversioned: str, open_group: str
) -> None:
    sick = deployed.lifestream("doctor", "--drift", "--json")
    assert sick.status == 1
    found = {finding["subject"]: finding["what"] for finding in sick.json["findings"]}
    assert found[f"bucket {unversioned}"] == "Versioning is off."
    (drift,) = (each for each in found if each.startswith("AWS::S3::Bucket Media"))
    assert "/VersioningConfiguration" in found[drift]
    assert found[f"default security group of {open_group}"] == "It has rules."


def test_should_find_nothing_wrong_with_what_the_templates_deploy(deployed: Deployed) -> None:
    found = deployed.lifestream("doctor", "--drift", "--json").json["findings"]
    # Alarms are right about the jobs that the other tests have let fail.
    assert [finding for finding in found if not finding["subject"].startswith("alarm ")] == []


def _running(deployed: Deployed, key: str) -> dict[str, str]:
    """Return the job of an upload once its processor reports."""
    clock = SystemClock()
    while True:
        shown = deployed.lifestream("jobs", "show", key, "--json")
        if shown.status == 0 and shown.json["state"] not in {"PENDING", "CLAIMED", "LAUNCHED"}:
            job: dict[str, str] = shown.json
            assert job["state"] == "RUNNING", job
            return job
        clock.sleep(0.5)


def test_should_name_what_the_account_lacks_and_what_mends_it(deployed: Deployed) -> None:
    """The preflight of docs/first-deployment.md, in an account that is bootstrapped."""
    ran = deployed.lifestream("preflight", "--json")
    found = {finding["subject"]: finding["mend"] for finding in ran.json["findings"]}

    assert ran.status == 1, "the service-linked role is missing"
    assert found["AWSServiceRoleForECS"] == (
        "aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com"
    )
    assert found["Processor image"].endswith("make push ENVIRONMENT=dev")
    assert "CDK bootstrap" not in found, "`cdk bootstrap` came before the deployment"
    assert not any(subject.startswith("Zone") for subject in found)
