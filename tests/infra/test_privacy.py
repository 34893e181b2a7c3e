"""The page on privacy against the templates: every store is named, and the days are right."""

import re

from runtime.core.contract import EnvVar
from runtime.core.erasure import KeptPlace, parse_kept
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment

PAGE = (ROOT / "docs" / "privacy.md").read_text()
STORES = {
    "AWS::DynamoDB::Table": "TableName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
}


def stores(deployment: Deployment) -> set[str]:
    """Return the kinds of an environment's stores, as in `jobs` of `lifestream-jobs-dev`."""
    names = {
        deployment.render(resource["Properties"][name])
        for kind, name in STORES.items()
        for resource in deployment.of_type(kind).values()
    }
    end = rf"-{deployment.config.name}(-<.*)?"
    return {re.sub(rf"^lifestream-(.*?){end}$", r"\1", name) for name in names}


def kept(deployment: Deployment) -> dict[KeptPlace, int]:
    function = deployment.function("reaper")
    text = function["Environment"]["Variables"][EnvVar.KEPT_COPIES]
    return {each.place: each.days for each in parse_kept(text)}


def test_should_name_every_store(deployment: Deployment) -> None:
    found = stores(deployment)
    assert {"jobs", "media", "access-logs", "jobs-dlq"} <= found
    named = {kind for kind in found if f"`lifestream-{kind}-<env>`" in PAGE}
    assert {kind for kind in found - named if not kind.endswith("-dlq")} == set()
    assert {f"{kind}-dlq" for kind in named} >= found - named, "a queue's dead letters"


def test_should_name_every_log_group(deployment: Deployment) -> None:
    line = next(each for each in PAGE.splitlines() if each.startswith("| log groups"))
    for group in deployment.of_type("AWS::Logs::LogGroup").values():
        name = str(deployment.render(group["Properties"]["LogGroupName"]))
        kind = re.sub(rf"^.*lifestream-(.*?)-?{deployment.config.name}.*$", r"\1", name)
        assert (kind or "firewall").removeprefix("gpu-").removesuffix("worker") in line, name


def test_should_certify_the_days_of_the_templates(deployment: Deployment) -> None:
    days = kept(deployment)
    logs = {
        group["Properties"]["RetentionInDays"]
        for group in deployment.of_type("AWS::Logs::LogGroup").values()
    }
    assert logs == {days[KeptPlace.LOGS]}
    messages = [
        queue["Properties"].get("MessageRetentionPeriod", 0)
        for queue in deployment.of_type("AWS::SQS::Queue").values()
    ]
    assert max(messages) == days[KeptPlace.QUEUES] * 86_400
    plans = deployment.of_type("AWS::Backup::BackupPlan").values()
    backups = {
        rule["Lifecycle"]["DeleteAfterDays"]
        for plan in plans
        for rule in plan["Properties"]["BackupPlan"]["BackupPlanRule"]
    }
    assert backups == ({days[KeptPlace.BACKUPS]} if KeptPlace.BACKUPS in days else set())
    storage = deployment.config.storage
    old = storage.access_log_days + storage.old_version_days
    assert days[KeptPlace.ACCESS_LOGS] == old
