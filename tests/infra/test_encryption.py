"""What the environment's own key encrypts, who may use it, and for what."""

from collections.abc import Callable, Mapping

import pytest

from tests.infra.templates import Deployment, Resource, Statement
from tests.infra.test_permissions import dispatcher_role, reaper_role, task_role

KEEPERS = {"s3", "dynamodb", "sqs", "secretsmanager", "backup"}


@pytest.fixture(params=["staging", "prod"])
def keyed(request: pytest.FixtureRequest, deployments: Mapping[str, Deployment]) -> Deployment:
    return deployments[request.param]


def the_key(deployment: Deployment) -> tuple[str, Resource]:
    logical_id, key = deployment.only("AWS::KMS::Key")
    return f"<{logical_id}.Arn>", key["Properties"]


def statement(deployment: Deployment, sid: str) -> Mapping[str, object]:
    (found,) = (
        s
        for s in deployment.render(the_key(deployment)[1]["KeyPolicy"]["Statement"])
        if s["Sid"] == sid
    )
    return dict(found)


def via(*services: str) -> set[str]:
    return {f"{service}.<AWS::Region>.amazonaws.com" for service in services}


def test_should_have_one_key_where_the_environment_says_so(
    deployments: Mapping[str, Deployment],
) -> None:
    stacks = {name for name, found in deployments.items() if "encryption" in found.stacks}

    assert stacks == {n for n, found in deployments.items() if found.config.encryption.customer_key}
    assert stacks == {"staging", "prod"}


def test_should_rotate_the_key_and_not_lose_it(keyed: Deployment) -> None:
    logical_id, key = keyed.only("AWS::KMS::Key")

    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["Properties"]["PendingWindowInDays"] == 30
    kept = "RetainExceptOnCreate" if keyed.config.retain_data else "Delete"
    assert key["DeletionPolicy"] == kept
    assert key["UpdateReplacePolicy"] == ("Retain" if keyed.config.retain_data else "Delete")
    _, alias = keyed.only("AWS::KMS::Alias")
    assert alias["Properties"]["AliasName"] == f"alias/lifestream-{keyed.config.name}"
    assert keyed.render(alias["Properties"]["TargetKeyId"]) == f"<{logical_id}.Arn>"


def test_should_encrypt_with_it_all_that_is_kept(keyed: Deployment) -> None:
    key, _ = the_key(keyed)
    places: dict[str, Callable[[Resource], object]] = {
        "AWS::SQS::Queue": lambda p: p["KmsMasterKeyId"],
        "AWS::DynamoDB::Table": lambda p: p["SSESpecification"]["KMSMasterKeyId"],
        "AWS::Logs::LogGroup": lambda p: p["KmsKeyId"],
        "AWS::SNS::Topic": lambda p: p["KmsMasterKeyId"],
        "AWS::Backup::BackupVault": lambda p: p["EncryptionKeyArn"],
        "AWS::SecretsManager::Secret": lambda p: p["KmsKeyId"],
    }
    for kind, key_of in places.items():
        for logical_id, resource in keyed.of_type(kind).items():
            assert keyed.render(key_of(resource["Properties"])) == key, logical_id


def test_should_encrypt_media_with_it_and_access_logs_with_s3s_own(keyed: Deployment) -> None:
    key, _ = the_key(keyed)
    by_default = {
        str(keyed.render(bucket["Properties"]["BucketName"])).split("-")[1]: keyed.render(
            bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        )
        for bucket in keyed.of_type("AWS::S3::Bucket").values()
    }

    assert by_default["media"] == [
        {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        }
    ]
    assert by_default["access"] == [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]


def test_should_let_administrators_manage_the_key_but_not_use_it(keyed: Deployment) -> None:
    manage = statement(keyed, "Manage")
    actions = manage["Action"]

    assert isinstance(actions, list)
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(actions)
    assert not {a for a in actions if a.startswith(("kms:Encrypt", "kms:Decrypt", "kms:Generate"))}


def test_should_leave_use_to_roles_and_to_the_services_that_keep_data(keyed: Deployment) -> None:
    use = statement(keyed, "UseThroughKeepers")
    condition = use["Condition"]

    assert isinstance(condition, dict)
    assert set(condition["StringEquals"]["kms:ViaService"]) == via(*KEEPERS)
    assert use["Principal"] == {"AWS": "arn:<AWS::Partition>:iam::<AWS::AccountId>:root"}


@pytest.mark.parametrize(
    ("sid", "service", "source"),
    [
        ("UploadEvents", "s3", "arn:<AWS::Partition>:s3:::lifestream-media-{}-"),
        (
            "LostEvents",
            "events",
            "arn:<AWS::Partition>:events:<AWS::Region>:<AWS::AccountId>:rule/lifestream-{}-*",
        ),
        (
            "Alarms",
            "cloudwatch",
            "arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:lifestream-{}-*",
        ),
    ],
)
def test_should_let_services_use_it_for_sources_of_the_environment(
    keyed: Deployment, sid: str, service: str, source: str
) -> None:
    found = statement(keyed, sid)
    condition = found["Condition"]

    assert isinstance(condition, dict)
    assert found["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert found["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert condition["StringEquals"] == {"aws:SourceAccount": "<AWS::AccountId>"}
    assert condition["ArnLike"]["aws:SourceArn"].startswith(source.format(keyed.config.name))


def test_should_let_logs_use_it_for_log_groups_of_the_environment(keyed: Deployment) -> None:
    found = statement(keyed, "Logs")

    groups = (
        f"log-group:/*/lifestream-*-{keyed.config.name}",
        f"log-group:aws-waf-logs-lifestream-{keyed.config.name}",
    )
    assert found["Principal"] == {"Service": "logs.<AWS::Region>.amazonaws.com"}
    assert found["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": [
                f"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:{group}"
                for group in groups
            ]
        }
    }
    for group in keyed.of_type("AWS::Logs::LogGroup").values():
        name = str(group["Properties"]["LogGroupName"])
        assert name.count("/") >= 2
        assert name.rpartition("/")[2].startswith("lifestream-")
        assert name.endswith(f"-{keyed.config.name}")


Role = Callable[[Deployment], str]


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        (task_role, {"s3", "dynamodb"}, {"s3"}),
        (dispatcher_role, {"s3", "dynamodb", "sqs"}, {"sqs"}),
        (reaper_role, {"dynamodb", "sqs"}, {"sqs"}),
    ],
)
def test_should_let_each_role_use_it_for_what_it_reads_and_writes(
    keyed: Deployment, role: Role, reads: set[str], writes: set[str]
) -> None:
    key, _ = the_key(keyed)
    granted = keyed.of_role(role(keyed))

    assert services(granted, "kms:Decrypt", key) == via(*reads, *writes)
    assert services(granted, "kms:GenerateDataKey", key) == via(*writes)
    used = {a for s in granted for a in s.actions if a.startswith("kms:")}
    assert used <= {"kms:Decrypt", "kms:GenerateDataKey"}


def services(granted: list[Statement], action: str, key: str) -> set[str]:
    """Return the services through which an action is granted."""
    found: set[str] = set()
    for each in granted:
        if action in each.actions:
            assert each.resources == {key}
            allowed = each.conditions["StringEquals"]["kms:ViaService"]
            found |= {allowed} if isinstance(allowed, str) else set(allowed)
    return found


def test_should_copy_tables_every_day_where_the_environment_says_so(
    deployments: Mapping[str, Deployment],
) -> None:
    prod = deployments["prod"]
    _, selection = prod.only("AWS::Backup::BackupSelection")
    _, plan = prod.only("AWS::Backup::BackupPlan")
    (rule,) = plan["Properties"]["BackupPlan"]["BackupPlanRule"]
    tables = {f"<{table}.Arn>" for table in prod.of_type("AWS::DynamoDB::Table")}

    assert set(prod.render(selection["Properties"]["BackupSelection"]["Resources"])) == tables
    assert prod.config.backup is not None
    assert rule["Lifecycle"] == {"DeleteAfterDays": prod.config.backup.keep_days}
    for name in ("dev", "staging"):
        assert not deployments[name].of_type("AWS::Backup::BackupPlan")


def test_should_let_backup_copy_the_tables_and_do_nothing_else(
    deployments: Mapping[str, Deployment],
) -> None:
    prod = deployments["prod"]
    _, selection = prod.only("AWS::Backup::BackupSelection")
    role = prod.render(selection["Properties"]["BackupSelection"]["IamRoleArn"])
    granted = prod.of_role(role.removeprefix("<").removesuffix(".Arn>"))

    assert {action for s in granted for action in s.actions} == {
        *("dynamodb:DescribeTable", "dynamodb:ListTagsOfResource", "dynamodb:StartAwsBackupJob"),
        *("backup:DescribeBackupVault", "backup:CopyIntoBackupVault"),
        *("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
    }


def test_should_encrypt_with_it_where_recordings_and_images_lie(keyed: Deployment) -> None:
    key, _ = the_key(keyed)
    _, cluster = keyed.only("AWS::ECS::Cluster")
    _, repository = keyed.only("AWS::ECR::Repository")
    disks = cluster["Properties"]["Configuration"]["ManagedStorageConfiguration"]
    encryption = repository["Properties"]["EncryptionConfiguration"]

    assert keyed.render(disks["FargateEphemeralStorageKmsKeyId"]) == key.replace(".Arn>", ">")
    assert encryption["EncryptionType"] == "KMS"
    assert keyed.render(encryption["KmsKey"]) == key
    for sid in ("DisksOfTasks", "GrantsOfDisks"):
        condition = statement(keyed, sid)["Condition"]
        assert isinstance(condition, dict)
        assert condition["StringEquals"] == {
            "kms:EncryptionContext:aws:ecs:clusterAccount": "<AWS::AccountId>",
            "kms:EncryptionContext:aws:ecs:clusterName": f"lifestream-cluster-{keyed.config.name}",
        }
