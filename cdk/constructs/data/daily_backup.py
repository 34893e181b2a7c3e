"""Daily backups of tables by AWS Backup, in the environment's own vault."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config.tables import BackupConfig
from cdk.constructs import permissions
from cdk.constructs.permissions.statement import service_role

_AT_NIGHT = events.Schedule.cron(hour="3", minute="0")
_BEGIN_WITHIN = Duration.hours(1)
_END_WITHIN = Duration.hours(8)
_LEAST_TIME_TO_CHANGE = Duration.days(3)
"""After that, no one can change a lock of compliance ("Vault Lock")."""


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
        settings: BackupConfig,
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
            lock_configuration=_lock(settings),
        )
        self.role = service_role(
            self,
            "Role",
            "backup",
            *permissions.back_up_tables(tables, self.vault.backup_vault_arn),
            *permissions.copy_backups(self.vault.backup_vault_arn, settings.copy_to),
            *permissions.write_encrypted(key, "dynamodb", "backup"),
            *permissions.describe_key(key, "dynamodb", "backup"),
            description="Copies the tables into the vault",
        )
        keep = Duration.days(settings.keep_days)
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
                    copy_actions=self._copies(settings, keep),
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

    def _copies(
        self, settings: BackupConfig, keep: Duration
    ) -> list[backup.BackupPlanCopyActionProps] | None:
        if settings.copy_to is None:
            return None
        vault = backup.BackupVault.from_backup_vault_arn(self, "Copies", settings.copy_to)
        return [backup.BackupPlanCopyActionProps(destination_backup_vault=vault, delete_after=keep)]


def _lock(settings: BackupConfig) -> backup.LockConfiguration | None:
    if settings.lock is None:
        return None
    return backup.LockConfiguration(
        min_retention=Duration.days(settings.keep_days),
        changeable_for=_LEAST_TIME_TO_CHANGE if settings.lock == "compliance" else None,
    )
