"""What CloudFormation refuses to make, change or delete."""

import pytest

from local.cloud import LocalCloud
from tests.integration.cloud.stacks import Resources, Stacks, resource, template
from tests.integration.cloud.waiting import until

pytestmark = pytest.mark.cloud


def test_should_roll_back_what_it_cannot_make(stacks: Stacks) -> None:
    stacks.client.create_stack(
        StackName=stacks.name,
        TemplateBody=template({"Nat": resource("EC2::NatGateway", SubnetId="subnet-unknown")}),
    )

    def rolled_back() -> bool:
        stack = stacks.client.describe_stacks(StackName=stacks.name)["Stacks"][0]
        return bool(stack["StackStatus"] == "ROLLBACK_COMPLETE")

    until(rolled_back, "the stack is rolled back")


def test_should_not_delete_a_bucket_that_holds_an_object(stacks: Stacks, cloud: LocalCloud) -> None:
    ids = stacks.create({"Bucket": resource("S3::Bucket")})
    s3 = cloud.client("s3")
    s3.put_object(Bucket=ids["Bucket"], Key="kept", Body=b"1")

    assert "BucketNotEmpty" in stacks.refused_deletion()

    s3.delete_object(Bucket=ids["Bucket"], Key="kept")
    stacks.delete()
    assert ids["Bucket"] not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


def test_should_not_delete_a_table_that_is_protected(stacks: Stacks, cloud: LocalCloud) -> None:
    def table(*, protected: bool) -> Resources:
        return {
            "Table": resource(
                "DynamoDB::Table",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
                DeletionProtectionEnabled=protected,
            )
        }

    name = stacks.create(table(protected=True))["Table"]
    assert "protected against deletion" in stacks.refused_deletion()

    cloud.client("dynamodb").update_table(TableName=name, DeletionProtectionEnabled=False)
    stacks.delete()
    assert name not in cloud.client("dynamodb").list_tables()["TableNames"]


def test_should_refuse_to_delete_or_change_an_export_that_another_stack_imports(
    stacks: Stacks, cloud: LocalCloud
) -> None:
    topics: Resources = {"Topic": resource("SNS::Topic"), "Other": resource("SNS::Topic")}
    name = f"{stacks.name}-topic"
    made = stacks.create(topics, **{name: {"Ref": "Topic"}})
    importing = Stacks(cloud)
    queue = {"Fn::Select": [5, {"Fn::Split": [":", {"Fn::ImportValue": name}]}]}
    importing.create({"Queue": resource("SQS::Queue", QueueName=queue)})

    gone = stacks.failed_update(topics)
    changed = stacks.failed_update(topics, **{name: {"Ref": "Other"}})

    assert f"Export {name} cannot be deleted as it is in use by {importing.name}" in gone
    assert f"Export {name} cannot be updated as it is in use by {importing.name}" in changed
    (exported,) = (e for e in stacks.client.list_exports()["Exports"] if e["Name"] == name)
    assert exported["Value"] == made["Topic"]

    importing.delete()
    stacks.update(topics)


def test_should_refuse_a_subnet_whose_addresses_another_one_has(stacks: Stacks) -> None:
    def network(*blocks: str) -> Resources:
        return {
            "Vpc": resource("EC2::VPC", CidrBlock="10.9.0.0/16"),
            **{
                f"Subnet{number}": resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock=block)
                for number, block in enumerate(blocks)
            },
        }

    stacks.create(network("10.9.0.0/18", "10.9.64.0/18"))

    assert "conflicts with another subnet" in stacks.failed_update(
        network("10.9.0.0/17", "10.9.128.0/17")
    )
