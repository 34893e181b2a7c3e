"""A function behind an alias, whose new versions get a tenth of its work first.

CodeDeploy shifts the alias while CloudFormation updates it, and shifts it back on an alarm.
"""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.constructs.permissions.statement import allow, service_role
from cdk.naming import local_arn

ALIAS = "live"
_TENTH = 10
_MINUTE = Duration.minutes(1)


class GradualShift(Construct):
    """`alias`, which event sources invoke; a shift ends at once if the alias has errors."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: lambda_.Function,
        name: str,
        alarm_name: str,
        minutes: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.alias = lambda_.Alias(
            self, "Alias", alias_name=ALIAS, version=function.current_version
        )
        errors = cloudwatch.Alarm(
            self,
            "Errors",
            alarm_name=alarm_name,
            alarm_description="A new version fails: CodeDeploy shifts back to the one before.",
            metric=self.alias.metric_errors(period=_MINUTE, statistic="Sum"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        # CodeDeploy's managed policy may shift every function of the account.
        role = service_role(
            self,
            "Role",
            "codedeploy",
            allow(
                ["lambda:GetAlias", "lambda:UpdateAlias"], local_arn("lambda", f"function:{name}")
            ),
            allow(["cloudwatch:DescribeAlarms"], local_arn("cloudwatch", f"alarm:{alarm_name}")),
            description="Shifts the alias from version to version",
        )
        group = codedeploy.LambdaDeploymentGroup(
            self,
            "Group",
            alias=self.alias,
            application=codedeploy.LambdaApplication(self, "Application", application_name=name),
            deployment_group_name=name,
            deployment_config=codedeploy.LambdaDeploymentConfig(
                self,
                "Canary",
                deployment_config_name=name,
                traffic_routing=codedeploy.TimeBasedCanaryTrafficRouting(
                    interval=Duration.minutes(minutes), percentage=_TENTH
                ),
            ),
            alarms=[errors],
            role=role.without_policy_updates(),
        )
        group.node.add_dependency(role)
