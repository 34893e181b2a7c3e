"""Who is notified, by which channel, and that no other sender can notify them."""

from typing import Any

from aws_cdk import App, Stack, assertions

from cdk.constructs.observability.alarm_topic import AlarmTopic
from cdk.constructs.observability.chat_channel import chat_channel
from cdk.naming import Names
from tests.infra.alarms import alarms
from tests.infra.conftest import ROOT, synthesize
from tests.infra.templates import Deployment


def test_should_tell_the_topic_when_an_alarm_begins_and_ends(deployment: Deployment) -> None:
    topic, _ = deployment.only("AWS::SNS::Topic")

    for alarm in alarms(deployment).values():
        assert deployment.render(alarm["AlarmActions"]) == [f"<{topic}>"]
        assert deployment.render(alarm["OKActions"]) == [f"<{topic}>"]


def test_should_tell_every_address_of_the_environment(deployment: Deployment) -> None:
    subscriptions = [s["Properties"] for s in deployment.of_type("AWS::SNS::Subscription").values()]

    assert {s["Endpoint"] for s in subscriptions} == set(deployment.config.alarms.emails)
    assert {s["Protocol"] for s in subscriptions} <= {"email"}


def test_should_send_mail_to_each_address() -> None:
    stack = Stack(App(), "Any")
    addresses = ("a@example.com", "b@example.com")
    AlarmTopic(stack, "Any", names=Names("any"), emails=addresses, key=None)

    template = assertions.Template.from_stack(stack)

    template.resource_count_is("AWS::SNS::Subscription", len(addresses))
    for address in addresses:
        subscription = {"Protocol": "email", "Endpoint": address}
        template.has_resource_properties("AWS::SNS::Subscription", subscription)


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
    notices = found["Properties"]["NotificationsWithSubscribers"]
    assert {
        (t["Notification"]["NotificationType"], t["Notification"]["Threshold"]) for t in notices
    } == {
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    }
    for each in notices:
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


def test_should_need_neither_a_channel_nor_a_budget() -> None:
    content = (ROOT / "environments" / "dev.toml").read_text()
    begin = content.index("[budget]")
    end = content.index("monthly_usd", begin)

    without = synthesize(content[:begin] + content[content.index("\n", end) :])

    assert without.config.budget is None
    assert not without.of_type("AWS::Budgets::Budget")
    assert not without.of_type("AWS::Chatbot::SlackChannelConfiguration")


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
