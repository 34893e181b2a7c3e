"""A Slack channel that receives the alarm topic's notifications, with read-only rights."""

from aws_cdk import aws_chatbot as chatbot
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from cdk.constructs.permissions.statement import service_role
from cdk.naming import Names


def chat_channel(
    scope: Construct,
    construct_id: str,
    *,
    names: Names,
    workspace: str,
    channel: str,
    topic: sns.ITopic,
) -> chatbot.SlackChannelConfiguration:
    """Return the configuration; the workspace must have been authorized in the console once."""
    description = "What can be asked from the channel: nothing but what alarms show"
    role = service_role(scope, f"{construct_id}Role", "chatbot", description=description)
    return chatbot.SlackChannelConfiguration(
        scope,
        construct_id,
        slack_channel_configuration_name=names.chat_configuration,
        slack_workspace_id=workspace,
        slack_channel_id=channel,
        notification_topics=[topic],
        role=role,
        # Left out, the guardrail would be an administrator's policy.
        guardrail_policies=[
            iam.ManagedPolicy.from_aws_managed_policy_name("CloudWatchReadOnlyAccess")
        ],
    )
