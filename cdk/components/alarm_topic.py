"""The topic that alarms tell people by: encrypted, open to this account's alarms alone."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cdk.components.environment_key import management


class AlarmTopic(Construct):
    """`topic`, and the `key` it is encrypted with: the environment's, or else one of its own."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        alarm_prefix: str,
        emails: tuple[str, ...],
        key: kms.IKey | None,
    ) -> None:
        """Create the topic for alarms whose names begin with a prefix.

        Each address is sent a mail first, and hears of alarms once it has confirmed.
        """
        super().__init__(scope, construct_id)
        alarms = {
            "StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID},
            "ArnLike": {
                "aws:SourceArn": f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}"
                f":alarm:{alarm_prefix}*"
            },
        }
        self.key = key or self._own_key(alarms)
        self.topic = sns.Topic(
            self, "Topic", topic_name=name, master_key=self.key, enforce_ssl=True
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Alarms",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=alarms,
            )
        )
        for email in emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(email))

    def _own_key(self, alarms: dict[str, dict[str, str]]) -> kms.Key:
        # Alarms may not use AWS's own key of SNS, whose policy nobody can change.
        return kms.Key(
            self,
            "Key",
            description="Lifestream: what alarms say",
            enable_key_rotation=True,
            # It protects messages on their way; nothing is kept that would need it later.
            removal_policy=RemovalPolicy.DESTROY,
            policy=iam.PolicyDocument(
                statements=[
                    management(),
                    iam.PolicyStatement(
                        sid="Alarms",
                        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                        actions=["kms:Decrypt", "kms:GenerateDataKey"],
                        # Of a key's policy, this key.
                        resources=["*"],
                        conditions=alarms,
                    ),
                ]
            ),
        )
