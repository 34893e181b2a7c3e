"""Each way to lose data is seen, and nothing else is."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from cdk.guard.changes import Change, ChangeKind, changes
from cdk.guard.immutable_properties import immutable_properties
from cdk.guard.stateful import LOSSES, stateful

STACK = "lifestream-any-storage"
OTHER = "lifestream-any-ingest"

KEY = {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
TABLE: dict[str, Any] = {
    "Type": "AWS::DynamoDB::Table",
    "DeletionPolicy": "Retain",
    "UpdateReplacePolicy": "Retain",
    "Properties": {
        "TableName": "jobs",
        "KeySchema": [{"AttributeName": "job_id", "KeyType": "HASH"}],
        "DeletionProtectionEnabled": True,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
    },
}
BUCKET: dict[str, Any] = {
    "Type": "AWS::S3::Bucket",
    "DeletionPolicy": "Delete",
    "Properties": {
        "BucketName": {"Fn::Join": ["-", ["media", {"Ref": "AWS::AccountId"}]]},
        "VersioningConfiguration": {"Status": "Enabled"},
    },
}
REPOSITORY: dict[str, Any] = {
    "Type": "AWS::ECR::Repository",
    "DeletionPolicy": "Delete",
    "Properties": {
        "RepositoryName": "processor",
        "EncryptionConfiguration": {
            "EncryptionType": "KMS",
            "KmsKey": {"Fn::GetAtt": ["Key", "Arn"]},
        },
    },
}
BEFORE = {STACK: {"Key": KEY, "Table": TABLE, "Images": REPOSITORY}, OTHER: {"Media": BUCKET}}

Stacks = dict[str, dict[str, dict[str, Any]]]


def after() -> Stacks:
    return copy.deepcopy(BEFORE)


def found(stacks: Mapping[str, Any]) -> list[tuple[str, ChangeKind]]:
    return [(change.resource, change.kind) for change in changes("any", BEFORE, stacks)]


def only(stacks: Mapping[str, Any]) -> Change:
    (change,) = changes("any", BEFORE, stacks)
    return change


def test_should_see_nothing_where_nothing_changes() -> None:
    assert changes("any", BEFORE, after()) == []


def test_should_see_nothing_in_an_environment_that_is_new() -> None:
    assert changes("any", {}, after()) == []


def test_should_let_properties_change_that_change_in_place() -> None:
    stacks = after()
    stacks[STACK]["Table"]["Properties"]["BillingMode"] = "PAY_PER_REQUEST"
    stacks[OTHER]["Media"]["Properties"]["LifecycleConfiguration"] = {"Rules": []}
    stacks[STACK]["New"] = TABLE

    assert found(stacks) == []


def test_should_see_a_resource_go() -> None:
    stacks = after()
    del stacks[STACK]["Table"]

    change = only(stacks)

    assert (change.environment, change.stack, change.resource) == ("any", STACK, "Table")
    assert change.kind is ChangeKind.DELETION
    assert change.what == "it is gone from the template; its items would stay behind, out of reach"


def test_should_say_when_data_is_deleted_and_not_left_behind() -> None:
    stacks = after()
    del stacks[OTHER]["Media"]

    assert only(stacks).what.endswith("its objects would be deleted")


def test_should_see_a_stack_go() -> None:
    stacks = after()
    del stacks[OTHER]

    assert only(stacks).kind is ChangeKind.DELETION
    assert only(stacks).what.startswith("its stack is gone from the app")


def test_should_see_a_logical_id_change() -> None:
    stacks = after()
    stacks[STACK]["TableRenamed"] = stacks[STACK].pop("Table")

    assert found(stacks) == [("Table", ChangeKind.DELETION)]
    assert "the same name is now TableRenamed, a new resource" in only(stacks).what


def test_should_see_a_resource_move_to_another_stack() -> None:
    stacks = after()
    stacks[STACK]["Media"] = stacks[OTHER].pop("Media")

    assert found(stacks) == [("Media", ChangeKind.DELETION)]
    assert f"the same name is now Media of {STACK}, a new resource" in only(stacks).what


@pytest.mark.parametrize(
    ("resource", "key", "value"),
    [
        ("Table", "TableName", "others"),
        ("Images", "RepositoryName", "others"),
        ("Images", "EncryptionConfiguration", {"EncryptionType": "AES256"}),
    ],
)
def test_should_see_a_property_that_replaces(resource: str, key: str, value: Any) -> None:
    stacks = after()
    stacks[STACK][resource]["Properties"][key] = value

    change = only(stacks)

    assert (change.resource, change.kind) == (resource, ChangeKind.REPLACEMENT)
    assert change.what.startswith(f"{key} cannot change in place")


def test_should_see_a_name_that_is_taken_away() -> None:
    stacks = after()
    del stacks[OTHER]["Media"]["Properties"]["BucketName"]

    assert found(stacks) == [("Media", ChangeKind.REPLACEMENT)]


def test_should_see_what_may_replace() -> None:
    stacks = after()
    stacks[STACK]["Table"]["Properties"]["KeySchema"][0]["AttributeName"] = "id"

    assert only(stacks).what.startswith("KeySchema may not change in place")


def test_should_see_another_type_under_the_same_logical_id() -> None:
    stacks = after()
    stacks[STACK]["Table"]["Type"] = "AWS::DynamoDB::GlobalTable"

    assert found(stacks) == [("Table", ChangeKind.REPLACEMENT)]


def test_should_see_what_is_replaced_with_what_it_names() -> None:
    stacks = after()
    stacks[STACK]["Key"]["Type"] = "AWS::KMS::ReplicaKey"

    assert found(stacks) == [("Images", ChangeKind.REPLACEMENT), ("Key", ChangeKind.REPLACEMENT)]
    images = changes("any", BEFORE, stacks)[0]
    assert images.what.startswith("EncryptionConfiguration names Key, which is replaced itself")


@pytest.mark.parametrize("policy", ["DeletionPolicy", "UpdateReplacePolicy"])
@pytest.mark.parametrize("weaker", ["Delete", None])
def test_should_see_a_policy_that_no_longer_keeps(policy: str, weaker: str | None) -> None:
    stacks = after()
    stacks[STACK]["Key"].pop(policy)
    if weaker:
        stacks[STACK]["Key"][policy] = weaker

    change = only(stacks)

    assert (change.resource, change.kind) == ("Key", ChangeKind.POLICY)
    assert change.what.startswith(f"{policy} from Retain to Delete")
    assert "all that is encrypted with it" in change.what


def test_should_let_a_policy_become_stricter() -> None:
    stacks = after()
    stacks[OTHER]["Media"]["DeletionPolicy"] = "Retain"
    stacks[STACK]["Key"]["DeletionPolicy"] = "RetainExceptOnCreate"

    assert found(stacks) == []


@pytest.mark.parametrize(
    ("stack", "resource", "key", "name"),
    [
        (STACK, "Table", "DeletionProtectionEnabled", "deletion protection"),
        (STACK, "Table", "PointInTimeRecoverySpecification", "point-in-time recovery"),
        (OTHER, "Media", "VersioningConfiguration", "versioning"),
    ],
)
def test_should_see_a_protection_go(stack: str, resource: str, key: str, name: str) -> None:
    stacks = after()
    del stacks[stack][resource]["Properties"][key]

    assert found(stacks) == [(resource, ChangeKind.PROTECTION)]
    assert only(stacks).what.startswith(f"{name} is switched off")


def test_should_see_a_condition_that_may_take_the_resource_away() -> None:
    stacks = after()
    stacks[STACK]["Table"]["Condition"] = "Wanted"

    assert found(stacks) == [("Table", ChangeKind.DELETION)]


def test_should_see_several_things_at_once() -> None:
    stacks = after()
    stacks[STACK]["Table"]["Properties"]["TableName"] = "others"
    stacks[STACK]["Table"]["DeletionPolicy"] = "Delete"
    del stacks[STACK]["Key"]

    assert found(stacks) == [
        ("Key", ChangeKind.DELETION),
        ("Table", ChangeKind.POLICY),
        ("Table", ChangeKind.REPLACEMENT),
    ]


def test_should_guard_what_holds_data_and_ignore_what_cdk_notes_down() -> None:
    template = {
        "Resources": {
            "Table": {**TABLE, "Metadata": {"aws:cdk:path": "any"}},
            "Role": {"Type": "AWS::IAM::Role"},
        }
    }

    assert stateful(template) == {"Table": TABLE}


@pytest.mark.parametrize("kind", LOSSES)
def test_should_know_every_guarded_type(kind: str) -> None:
    # A type that the schemas do not have raises; a key has nothing that is fixed.
    assert immutable_properties(kind) or kind == "AWS::KMS::Key"


def test_should_name_the_outermost_of_nested_properties_only() -> None:
    paths = {fixed.path for fixed in immutable_properties("AWS::ECR::Repository")}

    assert paths == {("RepositoryName",), ("EncryptionConfiguration",)}
