"""What must hold of alarms: each bad end has one, each has a runbook, and people are told."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, assertions

from cdk.application import build, synthesize
from cdk.components.alarm_topic import AlarmTopic
from cdk.components.chat_channel import chat_channel
from cdk.config import load_environment
from cdk.naming import Names
from lifestream.cli import parser
from runtime.core.contract import METRICS_NAMESPACE, Metric
from tests.infra.conftest import ROOT
from tests.infra.templates import Deployment, read_deployment

RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "README.md")
SECTIONS = ["What it means", "Look at", "Do", "It is over when"]

GOOD_ENDS = {
    *(Metric.JOBS_SUCCEEDED, Metric.JOB_SECONDS),
    *(Metric.PROTECTION_RENEWALS, Metric.PROTECTION_LEASE_AGE_SECONDS),
    Metric.PROTECTION_MARGIN_SECONDS,
}
POOL_METRICS = {metric for metric in Metric if metric.startswith(("Protection", "Worker"))}
POOL_PAGES = {
    *("jobs-released", "pool-full", "protection-failures", "protection-leases-lost"),
    *("protection-refusals", "work-dead-letters", "work-waiting", "workers-failing"),
}

Alarm = Mapping[str, Any]


def alarms(deployment: Deployment) -> dict[str, Alarm]:
    """Return the alarms' properties by name, without the environment's prefix."""
    prefix = f"lifestream-{deployment.config.name}-"
    found = [alarm["Properties"] for alarm in for_people(deployment).values()]
    return {alarm["AlarmName"].removeprefix(prefix): alarm for alarm in found}


def for_people(deployment: Deployment) -> dict[str, Alarm]:
    """Return the alarms by logical id, without those that only drive scaling."""
    return {
        logical_id: resource
        for logical_id, resource in deployment.stacks["observability"]["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def watched(deployment: Deployment) -> set[tuple[str, str, str]]:
    """Return namespace, metric and dimension of every alarm on a single metric."""
    return {
        (alarm["Namespace"], alarm["MetricName"], named(deployment, alarm))
        for alarm in alarms(deployment).values()
        if "MetricName" in alarm
    }


def named(deployment: Deployment, alarm: Alarm) -> str:
    (dimension,) = alarm["Dimensions"]
    logical_id = deployment.render(dimension["Value"]).strip("<>").removesuffix(".QueueName")
    for kind, key in {
        "AWS::SQS::Queue": "QueueName",
        "AWS::Lambda::Function": "FunctionName",
    }.items():
        found = deployment.of_type(kind).get(logical_id)
        if found is not None:
            return str(found["Properties"][key])
    return str(logical_id)


def test_should_lead_every_alarm_to_its_runbook(deployment: Deployment) -> None:
    for name, alarm in alarms(deployment).items():
        assert alarm["AlarmDescription"].endswith(f" What to do: docs/runbooks/{name}.md")


def test_should_have_a_page_for_every_alarm_and_an_alarm_for_every_page(
    deployment: Deployment,
) -> None:
    without = set() if deployment.config.workers else POOL_PAGES

    assert set(alarms(deployment)) == {page.stem for page in PAGES} - without


def test_should_watch_every_metric_of_our_own_that_tells_of_a_bad_end(
    deployment: Deployment,
) -> None:
    own = {metric for space, metric, _ in watched(deployment) if space == METRICS_NAMESPACE}

    without = set() if deployment.config.workers else POOL_METRICS
    assert own == {metric.value for metric in set(Metric) - GOOD_ENDS - without}


def test_should_watch_queues_and_functions(deployment: Deployment) -> None:
    name = deployment.config.name
    of_a_pool = {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-work-dlq-{name}"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-work-{name}"),
    }

    assert {each for each in watched(deployment) if each[0] != METRICS_NAMESPACE} == {
        *(of_a_pool if deployment.config.workers else ()),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-jobs-dlq-{name}"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", f"lifestream-jobs-{name}"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", f"lifestream-reaper-dlq-{name}"),
        ("AWS/Lambda", "Errors", f"lifestream-dispatcher-{name}"),
        ("AWS/Lambda", "Throttles", f"lifestream-dispatcher-{name}"),
        ("AWS/Lambda", "Errors", f"lifestream-reaper-{name}"),
    }


def test_should_count_by_the_environment(deployment: Deployment) -> None:
    for alarm in alarms(deployment).values():
        if alarm.get("Namespace") == METRICS_NAMESPACE:
            assert alarm["Dimensions"] == [{"Name": "environment", "Value": deployment.config.name}]


def test_should_ring_for_missing_data_only_where_silence_is_the_trouble(
    deployment: Deployment,
) -> None:
    silence = {
        name
        for name, alarm in alarms(deployment).items()
        if alarm["TreatMissingData"] == "breaching"
    }

    assert silence == {"sweeps-missing"}
    assert {alarm["TreatMissingData"] for alarm in alarms(deployment).values()} == {
        "breaching",
        "notBreaching",
    }


def test_should_allow_for_sweeps_that_are_a_little_late(deployment: Deployment) -> None:
    alarm = alarms(deployment)["sweeps-missing"]

    assert alarm["Period"] == 3 * 60 * deployment.config.reaper.sweep_minutes
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)


def test_should_ring_only_when_jobs_have_waited_all_the_time(pooled: Deployment) -> None:
    alarm = alarms(pooled)["work-waiting"]

    assert alarm["Statistic"] == "Minimum"
    assert alarm["Period"] == pooled.config.alarms.oldest_message_seconds
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)


def test_should_ring_when_an_hour_was_too_much_for_a_full_pool(pooled: Deployment) -> None:
    expression, *metrics = alarms(pooled)["pool-full"]["Metrics"]
    most = pooled.config.workers.max_tasks if pooled.config.workers else None

    assert expression["Expression"] == f"IF(in_work >= {most}, waiting, 0)"
    for metric in metrics:
        assert (metric["MetricStat"]["Period"], metric["MetricStat"]["Stat"]) == (3600, "Minimum")


def test_should_ring_when_workers_are_missing_for_most_of_a_while(pooled: Deployment) -> None:
    alarm = alarms(pooled)["workers-failing"]
    _, *metrics = alarm["Metrics"]

    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (12, 15)
    for metric in metrics:
        assert metric["MetricStat"]["Metric"]["Dimensions"] == [
            {"Name": "ClusterName", "Value": "lifestream-cluster-dev"},
            {"Name": "ServiceName", "Value": "lifestream-worker-dev"},
        ]


def test_should_watch_a_pool_without_holding_on_to_it(pooled: Deployment) -> None:
    observability = json.dumps(pooled.stacks["observability"])

    # What is imported from a stack keeps CloudFormation from removing it.
    assert "ExportsOutputRefWork" not in observability
    assert "ExportsOutputFnGetAttWork" not in observability
    assert "lifestream-dev-workers:" not in observability


def test_should_tell_the_topic_when_an_alarm_begins_and_ends(deployment: Deployment) -> None:
    topic, _ = deployment.only("AWS::SNS::Topic")

    for alarm in alarms(deployment).values():
        assert deployment.render(alarm["AlarmActions"]) == [f"<{topic}>"]
        assert deployment.render(alarm["OKActions"]) == [f"<{topic}>"]


def test_should_tell_every_address_of_the_environment(deployment: Deployment) -> None:
    told = [s["Properties"] for s in deployment.of_type("AWS::SNS::Subscription").values()]

    assert {s["Endpoint"] for s in told} == set(deployment.config.alarms.emails)
    assert {s["Protocol"] for s in told} <= {"email"}


def test_should_send_mail_to_each_address() -> None:
    stack = Stack(App(), "Any")
    addresses = ("a@example.com", "b@example.com")
    AlarmTopic(stack, "Any", names=Names("any"), emails=addresses, key=None)

    template = assertions.Template.from_stack(stack)

    template.resource_count_is("AWS::SNS::Subscription", len(addresses))
    for address in addresses:
        told = {"Protocol": "email", "Endpoint": address}
        template.has_resource_properties("AWS::SNS::Subscription", told)


def test_should_encrypt_the_topic_with_a_key_that_alarms_may_use(deployment: Deployment) -> None:
    _, topic = deployment.only("AWS::SNS::Topic")
    key, found = deployment.only("AWS::KMS::Key")
    allowed = {
        statement.get("Sid"): statement
        for statement in deployment.render(found["Properties"]["KeyPolicy"]["Statement"])
    }
    alarms_may, budget_may = allowed["Alarms"], allowed["Budget"]

    assert deployment.render(topic["Properties"]["KmsMasterKeyId"]) == f"<{key}.Arn>"
    assert found["Properties"]["EnableKeyRotation"] is True
    assert alarms_may["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert set(alarms_may["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert alarms_may["Condition"] == own_alarms(deployment)
    assert budget_may["Principal"] == {"Service": "budgets.amazonaws.com"}
    assert set(budget_may["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert budget_may["Condition"] == own_budget(deployment)


def test_should_let_own_alarms_and_budget_publish_and_refuse_plain_http(
    deployment: Deployment,
) -> None:
    _, policy = deployment.only("AWS::SNS::TopicPolicy")
    refused, alarms_may, budget_may = deployment.document(policy)

    assert refused.effect == "Deny"
    assert refused.conditions == {"Bool": {"aws:SecureTransport": "false"}}
    for allowed in (alarms_may, budget_may):
        assert allowed.effect == "Allow"
        assert allowed.actions == {"sns:Publish"}
    assert alarms_may.conditions == own_alarms(deployment)
    assert budget_may.conditions == own_budget(deployment)


def test_should_tell_before_a_month_costs_too_much(deployment: Deployment) -> None:
    topic, _ = deployment.only("AWS::SNS::Topic")
    _, found = deployment.only("AWS::Budgets::Budget")
    budget, limit = found["Properties"]["Budget"], deployment.config.budget

    assert limit is not None
    assert budget["BudgetLimit"] == {"Amount": limit.monthly_usd, "Unit": "USD"}
    assert budget["TimeUnit"] == "MONTHLY"
    assert budget["CostFilters"] == {"TagKeyValue": [f"user:Environment${deployment.config.name}"]}
    told = found["Properties"]["NotificationsWithSubscribers"]
    assert {
        (t["Notification"]["NotificationType"], t["Notification"]["Threshold"]) for t in told
    } == {
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    }
    for each in told:
        assert deployment.render(each["Subscribers"]) == [
            {"SubscriptionType": "SNS", "Address": f"<{topic}>"}
        ]


def test_should_tell_a_channel_that_can_look_but_not_touch() -> None:
    stack = Stack(App(), "Any")
    topic = AlarmTopic(stack, "Any", names=Names("any"), emails=(), key=None).topic
    chat_channel(
        stack, "Chat", names=Names("any"), workspace="T01234567", channel="C01234567", topic=topic
    )

    template = assertions.Template.from_stack(stack)

    (channel,) = template.find_resources("AWS::Chatbot::SlackChannelConfiguration").values()
    properties = channel["Properties"]
    assert (properties["SlackWorkspaceId"], properties["SlackChannelId"]) == (
        "T01234567",
        "C01234567",
    )
    assert properties["SnsTopicArns"] == [stack.resolve(topic.topic_arn)]
    (guardrail,) = properties["GuardrailPolicies"]
    assert "CloudWatchReadOnlyAccess" in str(guardrail)
    template.resource_count_is("AWS::IAM::Policy", 0)


def test_should_need_neither_a_channel_nor_a_budget(tmp_path: Path) -> None:
    files = tmp_path / "environments"
    files.mkdir()
    (tmp_path / "cdk.json").write_text((ROOT / "cdk.json").read_text())
    content = (ROOT / "environments" / "dev.toml").read_text()
    begin = content.index("[budget]")
    end = content.index("monthly_usd", begin)
    kept = content[:begin] + content[content.index("\n", end) :]
    (files / "dev.toml").write_text(kept)

    synthesize(build(tmp_path, outdir=tmp_path / "out"))

    without = read_deployment(tmp_path / "out", load_environment(files / "dev.toml"))
    assert without.config.budget is None
    assert not without.of_type("AWS::Budgets::Budget")
    assert not without.of_type("AWS::Chatbot::SlackChannelConfiguration")


def test_should_show_every_alarm_on_the_dashboard(deployment: Deployment) -> None:
    _, dashboard = deployment.only("AWS::CloudWatch::Dashboard")
    body = deployment.render(dashboard["Properties"]["DashboardBody"])

    assert deployment.render(dashboard["Properties"]["DashboardName"]) == (
        f"lifestream-{deployment.config.name}-<AWS::Region>"
    )
    assert all(f"<{alarm}.Arn>" in body for alarm in for_people(deployment))


# The pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_should_say_what_it_means_what_to_look_at_what_to_do_and_when_it_is_over(
    page: Path,
) -> None:
    text = page.read_text()

    assert text.startswith(f"# {page.stem}: ")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_should_give_commands_that_there_are(page: Path) -> None:
    for command in commands(page.read_text()):
        parser().parse_args(command)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_should_name_log_actions_that_are_written(page: Path) -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "runtime").rglob("*.py"))

    for action in re.findall(r'\$\.action = "([^"]+)"', page.read_text()):
        assert f'"{action}"' in code


@pytest.mark.parametrize("page", [*PAGES, RUNBOOKS / "README.md"], ids=lambda page: page.stem)
def test_should_link_to_pages_that_there_are(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        assert (RUNBOOKS / link).is_file(), link


def test_should_list_every_page() -> None:
    listed = re.findall(
        r"^\| \[[\w-]+\]\(([\w-]+)\.md\)", (RUNBOOKS / "README.md").read_text(), re.MULTILINE
    )

    assert listed == [page.stem for page in PAGES]


def own_budget(deployment: Deployment) -> dict[str, Any]:
    name = f"lifestream-{deployment.config.name}"
    arn = f"arn:<AWS::Partition>:budgets::<AWS::AccountId>:budget/{name}"
    return {
        "StringEquals": {"aws:SourceAccount": "<AWS::AccountId>"},
        "ArnLike": {"aws:SourceArn": arn},
    }


def own_alarms(deployment: Deployment) -> dict[str, Any]:
    arn = "arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm"
    return {
        "StringEquals": {"aws:SourceAccount": "<AWS::AccountId>"},
        "ArnLike": {"aws:SourceArn": f"{arn}:lifestream-{deployment.config.name}-*"},
    }


def commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each command of ours in a page."""
    for command in re.findall(r"python -m lifestream ([^`\n]+)", text):
        yield shlex.split(command)
