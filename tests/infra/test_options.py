"""What is off by default, all of it on: access limits, records of calls, classes, locks, copies."""

import pytest

from cdk.assembly import read_templates
from cdk.policies.check import unknown
from cdk.policies.execution import execution_statements
from cdk.policies.reference import shipped_reference
from cdk.policies.scopes import EnvironmentScope
from cdk.policies.statements import Templates
from scripts.cost.bill import idle_month
from scripts.cost.prices import load
from tests.infra.conftest import ROOT, synthesize
from tests.infra.templates import Deployment, Statement

COPIES = "arn:aws:backup:eu-central-1:111122223333:backup-vault:copies"
OPTIONS = f"""
[access]
organization = "o-0a1b2c3d4e"
vpc_endpoints = ["vpce-0a1b2c3d"]
data_events = true

[backup]
keep_days = 35
lock = "compliance"
copy_to = "{COPIES}"
"""
OBJECT_CALLS = {
    *("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"),
    *("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucket"),
}


@pytest.fixture(scope="module")
def chosen() -> Deployment:
    """`dev` with a key and every option; cdk-nag has nothing to say of it."""
    text = (ROOT / "environments" / "dev.toml").read_text()
    for before, after in (
        ("log_retention_days = 14", "log_retention_days = 14\ninfrequent_access_days = 60"),
        ("customer_key = false", "customer_key = true"),
        ("allowed_origins = []", "allowed_origins = []\nmalware_scan = true"),
        ("claim_lease_seconds = 60", "claim_lease_seconds = 60\ncanary_minutes = 5"),
        ("monthly_usd = 100", "monthly_usd = 100\nanomaly_usd = 20"),
    ):
        assert before in text
        text = text.replace(before, after)
    return synthesize(text + OPTIONS)


def media_denials(deployment: Deployment) -> list[Statement]:
    media, _ = deployment.only(
        "AWS::S3::Bucket",
        BucketName="lifestream-media-dev-<AWS::AccountId>-<AWS::Region>",
    )
    _, policy = deployment.only("AWS::S3::BucketPolicy", Bucket=f"<{media}>")
    return [each for each in deployment.document(policy) if each.effect == "Deny"]


def test_should_admit_members_of_the_organization_alone(chosen: Deployment) -> None:
    (other,) = (s for s in media_denials(chosen) if "aws:PrincipalOrgID" in str(s.conditions))

    assert other.conditions["StringNotEquals"] == {"aws:PrincipalOrgID": "o-0a1b2c3d4e"}
    assert other.conditions["BoolIfExists"]["aws:PrincipalIsAWSService"] == "false"
    assert other.actions == OBJECT_CALLS


def test_should_admit_the_endpoints_and_the_functions_alone(chosen: Deployment) -> None:
    endpoints = {
        f"<{name}>"
        for name, each in chosen.of_type("AWS::EC2::VPCEndpoint").items()
        if ".s3" in str(chosen.render(each["Properties"]["ServiceName"]))
    }
    (other,) = (s for s in media_denials(chosen) if "aws:SourceVpce" in str(s.conditions))
    unless = other.conditions["StringNotEquals"]

    assert set(unless["aws:SourceVpce"]) == {*endpoints, "vpce-0a1b2c3d"}
    assert len(endpoints) == 1
    for name in ("dispatcher", "reaper"):
        role = chosen.of_type("AWS::IAM::Role")[chosen.role_of_function(name)]
        tags = {each["Key"]: each["Value"] for each in role["Properties"]["Tags"]}
        assert tags["ReachesMedia"] == unless["aws:PrincipalTag/ReachesMedia"]


def test_should_lock_no_deployment_out(chosen: Deployment) -> None:
    """CloudFormation and administrators keep every call on the bucket's own settings."""
    limits = [
        each
        for each in media_denials(chosen)
        if not any(key in str(each.conditions) for key in ("SecureTransport", "TagKeys"))
    ]

    assert len(limits) == 2
    assert all(each.actions <= OBJECT_CALLS for each in limits)


def test_should_exempt_no_task(chosen: Deployment) -> None:
    exempt = [
        name
        for name, role in chosen.of_type("AWS::IAM::Role").items()
        if any(tag["Key"] == "ReachesMedia" for tag in role["Properties"].get("Tags", []))
    ]

    functions = map(chosen.role_of_function, ("dispatcher", "reaper"))
    assert sorted(exempt) == sorted([*functions, scanner(chosen)])


def test_should_record_each_call_on_objects_and_nothing_else(chosen: Deployment) -> None:
    _, trail = chosen.only("AWS::CloudTrail::Trail", TrailName="lifestream-objects-dev")
    (selector,) = trail["Properties"]["EventSelectors"]

    assert selector["IncludeManagementEvents"] is False
    assert [each["Type"] for each in selector["DataResources"]] == ["AWS::S3::Object"]
    assert trail["Properties"]["EnableLogFileValidation"] is True


def test_should_move_old_media_to_a_cheaper_class(chosen: Deployment) -> None:
    _, media = chosen.only(
        "AWS::S3::Bucket",
        BucketName="lifestream-media-dev-<AWS::AccountId>-<AWS::Region>",
    )
    moved = {
        rule["Prefix"]: (each["StorageClass"], each["TransitionInDays"])
        for rule in media["Properties"]["LifecycleConfiguration"]["Rules"]
        for each in rule.get("Transitions", [])
    }

    assert moved == {"uploads/": ("STANDARD_IA", 60), "results/": ("STANDARD_IA", 60)}


def test_should_lock_copies_and_send_them_elsewhere(chosen: Deployment) -> None:
    _, vault = chosen.only("AWS::Backup::BackupVault")
    _, plan = chosen.only("AWS::Backup::BackupPlan")
    (rule,) = plan["Properties"]["BackupPlan"]["BackupPlanRule"]
    (copy,) = rule["CopyActions"]
    lock = vault["Properties"]["LockConfiguration"]

    assert (lock["MinRetentionDays"], lock["ChangeableForDays"]) == (35, 3)
    assert copy["DestinationBackupVaultArn"] == COPIES
    assert copy["Lifecycle"] == rule["Lifecycle"] == {"DeleteAfterDays": 35}
    assert any(
        s.resources == {COPIES} and s.actions == {"backup:CopyIntoBackupVault"}
        for s in chosen.statements()
    )


def test_should_notify_of_unusual_spending(chosen: Deployment) -> None:
    _, found = chosen.only("AWS::CE::AnomalySubscription")
    _, topic_policy = chosen.only("AWS::SNS::TopicPolicy")
    _, key = chosen.only("AWS::KMS::Key")

    assert '"20"' in found["Properties"]["ThresholdExpression"]
    for policy in (topic_policy["Properties"], key["Properties"]):
        assert "costalerts.amazonaws.com" in str(chosen.render(policy))


def test_should_shift_the_dispatcher_gradually_and_back_on_errors(chosen: Deployment) -> None:
    alias, shifted = chosen.only("AWS::Lambda::Alias")
    _, group = chosen.only("AWS::CodeDeploy::DeploymentGroup")
    _, config = chosen.only("AWS::CodeDeploy::DeploymentConfig")
    (alarm,) = group["Properties"]["AlarmConfiguration"]["Alarms"]
    sources = [
        chosen.render(each["Properties"]["FunctionName"])
        for each in chosen.of_type("AWS::Lambda::EventSourceMapping").values()
    ]
    canary = config["Properties"]["TrafficRoutingConfig"]["TimeBasedCanary"]

    assert "CodeDeployLambdaAliasUpdate" in shifted["UpdatePolicy"]
    assert (canary["CanaryPercentage"], canary["CanaryInterval"]) == (10, 5)
    assert chosen.of_type("AWS::CloudWatch::Alarm")[chosen.render(alarm["Name"]).strip("<>")]
    assert any(f"<{alias}>" in source and source.endswith(":live") for source in sources)
    assert "DEPLOYMENT_STOP_ON_ALARM" in str(group["Properties"]["AutoRollbackConfiguration"])


def test_should_let_the_shift_change_the_dispatcher_alone(chosen: Deployment) -> None:
    (role,) = (
        name
        for name, each in chosen.of_type("AWS::IAM::Role").items()
        if "codedeploy.amazonaws.com" in str(each["Properties"]["AssumeRolePolicyDocument"])
    )
    resources = {r for statement in chosen.of_role(role) for r in statement.resources}

    assert {r.rpartition(":")[2] for r in resources} == {
        "lifestream-dispatcher-dev",
        "lifestream-dev-dispatcher-new-version",
    }


def scanner(deployment: Deployment) -> str:
    """Return the logical id of GuardDuty's role."""
    _, plan = deployment.only("AWS::GuardDuty::MalwareProtectionPlan")
    role: str = deployment.render(plan["Properties"]["Role"])
    return role.removeprefix("<").removesuffix(".Arn>")


def test_should_scan_and_tag_uploads_alone(chosen: Deployment) -> None:
    _, plan = chosen.only("AWS::GuardDuty::MalwareProtectionPlan")
    bucket = plan["Properties"]["ProtectedResource"]["S3Bucket"]
    media, _ = chosen.only(
        "AWS::S3::Bucket", BucketName="lifestream-media-dev-<AWS::AccountId>-<AWS::Region>"
    )

    assert chosen.render(bucket["BucketName"]) == f"<{media}>"
    assert bucket["ObjectPrefixes"] == ["uploads/"]
    assert plan["Properties"]["Actions"] == {"Tagging": {"Status": "ENABLED"}}
    touched = {
        resource.partition("<AWS::Region>")[2]
        for statement in chosen.of_role(scanner(chosen))
        if any(action.startswith("s3:") for action in statement.actions)
        for resource in statement.resources
    }
    assert touched == {"", "/uploads/*", "/malware-protection-resource-validation-object"}


def test_should_let_nothing_but_guardduty_call_an_upload_clean(chosen: Deployment) -> None:
    (denial,) = (s for s in media_denials(chosen) if "TagKeys" in str(s.conditions))

    assert denial.actions == {
        *("s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    }
    assert denial.conditions["ForAnyValue:StringEquals"] == {
        "s3:RequestObjectTagKeys": ["GuardDutyMalwareScanStatus"]
    }
    assert denial.conditions["ArnNotEquals"] == {"aws:PrincipalArn": f"<{scanner(chosen)}.Arn>"}


def test_should_send_results_of_scans_to_the_jobs_queue(chosen: Deployment) -> None:
    queue, _ = chosen.only("AWS::SQS::Queue", QueueName="lifestream-jobs-dev")
    (rule_id, rule), *others = (
        (name, each)
        for name, each in chosen.of_type("AWS::Events::Rule").items()
        if "aws.guardduty" in str(each["Properties"].get("EventPattern"))
    )
    _, policy = chosen.only("AWS::SQS::QueuePolicy", Queues=[f"<{queue}>"])
    (admitted,) = (s for s in chosen.document(policy) if rule_id in str(s.conditions))

    assert not others
    assert [chosen.render(target["Arn"]) for target in rule["Properties"]["Targets"]] == [
        f"<{queue}.Arn>"
    ]
    assert admitted.actions == {"sqs:SendMessage"}
    assert admitted.conditions["ArnEquals"] == {"aws:SourceArn": f"<{rule_id}.Arn>"}


def test_should_have_the_dispatcher_wait_for_scans(chosen: Deployment) -> None:
    variables = chosen.function("dispatcher")["Environment"]["Variables"]
    allowed = {
        (action, resource)
        for statement in chosen.of_role(chosen.role_of_function("dispatcher"))
        for action in statement.actions
        for resource in statement.resources
    }

    assert variables["MALWARE_SCAN"] == "true"
    assert any(
        action == "s3:GetObjectVersionTagging" and resource.endswith("/uploads/*")
        for action, resource in allowed
    )
    assert any(action == "sqs:SendMessage" for action, _ in allowed)


def test_should_be_deployable_with_the_generated_policies(chosen: Deployment) -> None:
    reference = shipped_reference()
    (templates,) = read_templates(chosen.assets)
    scope = EnvironmentScope(environment="dev")

    assert execution_statements(templates.values(), scope, reference)
    assert unknown(Templates(templates, reference).statements(), reference) == []


def test_should_cost_nothing_more_when_idle(chosen: Deployment) -> None:
    assert idle_month(list(chosen.stacks.values()), load())


def test_should_have_none_of_it_unless_it_is_set(deployment: Deployment) -> None:
    for kind in (
        *("AWS::CloudTrail::Trail", "AWS::CE::AnomalyMonitor", "AWS::Lambda::Alias"),
        "AWS::GuardDuty::MalwareProtectionPlan",
    ):
        assert not deployment.of_type(kind)
    text = str(deployment.stacks)
    for word in (
        "SourceVpce",
        "PrincipalOrgID",
        "STANDARD_IA",
        "LockConfiguration",
        "MALWARE_SCAN",
    ):
        assert word not in text
