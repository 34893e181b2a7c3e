"""What must hold where records and images are kept."""

from collections.abc import Mapping

import pytest

from cdk.naming import Names
from runtime.core.contract import IdempotencyTable, JobsTable
from tests.infra.templates import Deployment, Resource

STATEFUL = (
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::Logs::LogGroup",
)


def tables(deployment: Deployment) -> dict[str, Resource]:
    return {
        str(table["Properties"]["TableName"]): table["Properties"]
        for table in deployment.of_type("AWS::DynamoDB::Table").values()
    }


def test_should_key_the_tables_as_the_code_does(deployment: Deployment) -> None:
    names = Names(deployment.config.name)
    keys = {
        name: [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
        for name, table in tables(deployment).items()
    }

    assert keys == {
        names.jobs_table: [(JobsTable.PARTITION_KEY, "HASH")],
        names.idempotency_table: [(IdempotencyTable.PARTITION_KEY, "HASH")],
    }


def test_should_find_jobs_by_state_oldest_update_first(deployment: Deployment) -> None:
    jobs = tables(deployment)[Names(deployment.config.name).jobs_table]
    (index,) = jobs["GlobalSecondaryIndexes"]
    types = {item["AttributeName"]: item["AttributeType"] for item in jobs["AttributeDefinitions"]}

    assert index["IndexName"] == JobsTable.STATE_INDEX
    assert [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]] == [
        (JobsTable.STATE_INDEX_PARTITION_KEY, "HASH"),
        (JobsTable.STATE_INDEX_SORT_KEY, "RANGE"),
    ]
    assert types[JobsTable.STATE_INDEX_SORT_KEY] == "N"


def test_should_clean_up_and_recover_every_table(deployment: Deployment) -> None:
    found = tables(deployment)

    assert len(found) == 2
    for table in found.values():
        assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_should_scan_images_and_not_keep_them_all(deployment: Deployment) -> None:
    _, repository = deployment.only("AWS::ECR::Repository")
    properties = repository["Properties"]

    assert properties["RepositoryName"] == f"lifestream-processor-{deployment.config.name}"
    assert properties["ImageScanningConfiguration"] == {"ScanOnPush": True}
    assert "imageCountMoreThan" in properties["LifecyclePolicy"]["LifecyclePolicyText"]


@pytest.mark.parametrize("kind", STATEFUL)
def test_should_retain_data_in_production(kind: str, deployments: Mapping[str, Deployment]) -> None:
    resources = deployments["prod"].of_type(kind)

    assert resources
    for resource in resources.values():
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("kind", STATEFUL)
def test_should_leave_nothing_behind_in_development(
    kind: str, deployments: Mapping[str, Deployment]
) -> None:
    for resource in deployments["dev"].of_type(kind).values():
        assert resource["DeletionPolicy"] == "Delete"


def test_should_leave_deletion_protection_to_the_step_after_a_deployment(
    deployments: Mapping[str, Deployment],
) -> None:
    for deployment in deployments.values():
        for table in tables(deployment).values():
            # Set after a deployment: a failed creation must be able to delete its tables.
            assert "DeletionProtectionEnabled" not in table


def test_should_never_give_a_released_tag_to_another_image(
    deployments: Mapping[str, Deployment],
) -> None:
    _, repository = deployments["prod"].only("AWS::ECR::Repository")

    assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert not repository["Properties"].get("EmptyOnDelete")
