"""The topic of notifications: encrypted, open to the environment's own alarms and costs alone."""

from collections.abc import Mapping

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cdk.constructs.data.environment_key import let_encrypt, management
from cdk.constructs.permissions.statement import let_service
from cdk.naming import Names, anomalies_arn, budget_arn, local_arn


class AlarmTopic(Construct):
    """`topic`, and the `key` it is encrypted with: the environment's, or else one of its own.

    SNS sends each address a mail first; alarms reach it once it has confirmed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        emails: tuple[str, ...],
        key: kms.IKey | None,
        anomalies: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        senders = {
            "Alarms": ("cloudwatch", local_arn("cloudwatch", f"alarm:{names.alarm('*')}")),
            "Budget": ("budgets", budget_arn(names)),
        }
        if anomalies:
            senders["Anomalies"] = ("costalerts", anomalies_arn())
        self.key = key or self._topic_key(senders)
        self.topic = sns.Topic(
            self, "Topic", topic_name=names.alarm_topic, master_key=self.key, enforce_ssl=True
        )
        for sid, (service, source) in senders.items():
            self.topic.add_to_resource_policy(
                let_service(sid, service, source, ["sns:Publish"], self.topic.topic_arn)
            )
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _topic_key(self, senders: Mapping[str, tuple[str, str]]) -> kms.Key:
        # The AWS managed key of SNS does not admit services, and its policy cannot be changed.
        return kms.Key(
            self,
            "Key",
            description="Lifestream: what alarms say",
            enable_key_rotation=True,
            # It encrypts messages in transit; nothing stored needs it later.
            removal_policy=RemovalPolicy.DESTROY,
            policy=iam.PolicyDocument(
                statements=[
                    management(),
                    *(let_encrypt(sid, *sender) for sid, sender in senders.items()),
                ]
            ),
        )
