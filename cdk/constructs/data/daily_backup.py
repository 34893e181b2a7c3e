"""Daily backups of tables by AWS Backup, in the environment's own vault."""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.constructs import permissions

_AT_NIGHT = events.Schedule.cron(hour="3", minute="0")
_BEGIN_WITHIN = Duration.hours(1)
_END_WITHIN = Duration.hours(8)


class DailyBackup(Construct):
    """`vault` and `role`; the role may copy these tables into this vault and nothing else.

    Restoring is rare and done by a person, with a role created for it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        tables: list[dynamodb.Table],
        keep: Duration,
        key: kms.IKey | None,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.vault = backup.BackupVault(
            self,
            "Vault",
            backup_vault_name=name,
            encryption_key=key,
            removal_policy=removal_policy,
        )
        self.role = iam.Role(
            self,
            "Role",
            description="Copies the tables into the vault",
            assumed_by=iam.ServicePrincipal(
                "backup.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            ),
        )
        for statement in (
            *permissions.back_up_tables(tables, self.vault.backup_vault_arn),
            *permissions.write_encrypted(key, "dynamodb", "backup"),
            *permissions.describe_key(key, "dynamodb", "backup"),
        ):
            self.role.add_to_policy(statement)
        plan = backup.BackupPlan(
            self,
            "Plan",
            backup_plan_name=name,
            backup_vault=self.vault,
            backup_plan_rules=[
                backup.BackupPlanRule(
                    rule_name="daily",
                    schedule_expression=_AT_NIGHT,
                    start_window=_BEGIN_WITHIN,
                    completion_window=_END_WITHIN,
                    delete_after=keep,
                )
            ],
        )
        backup.CfnBackupSelection(
            self,
            "Tables",
            backup_plan_id=plan.backup_plan_id,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                selection_name="tables",
                iam_role_arn=self.role.role_arn,
                resources=[table.table_arn for table in tables],
            ),
        )
