"""A Lambda function of the runtime: a deterministic zip, a log group, a role of exact grants."""

from pathlib import Path
from typing import Protocol

from aws_cdk import Duration, IgnoreMode
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.tables import LogLevel
from cdk.constructs.compute.container import Variables, by_name
from cdk.constructs.data.bucket_access import exempt
from cdk.constructs.observability.log_group import log_group
from cdk.constructs.observability.tracing import tracing_variable
from runtime.core.contract import EnvVar

DISPATCHER_PACKAGES = ("runtime/core", "runtime/aws", "runtime/dispatcher")
REAPER_PACKAGES = ("runtime/core", "runtime/aws", "runtime/reaper")
EVENTS_PACKAGES = ("runtime/core", "runtime/aws", "runtime/events")

_ROOT = Path(__file__).resolve().parents[3]


class FunctionSettings(Protocol):
    """Size and log level of a function."""

    @property
    def timeout_seconds(self) -> int:
        """Time limit of a run."""

    @property
    def memory_mib(self) -> int:
        """Memory."""

    @property
    def log_level(self) -> LogLevel:
        """Minimum severity of log lines."""


class JobFunction(Construct):
    """`function`, `role` and `log_group` of the dispatcher, the reaper or the events.

    The function has the variables that all share, and `variables` of its own.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        settings: FunctionSettings,
        name: str,
        handler: str,
        packages: tuple[str, ...],
        description: str,
        cluster: ecs.ICluster,
        jobs_table: dynamodb.ITable,
        idempotency_table: dynamodb.ITable,
        variables: Variables,
        key: kms.IKey | None,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = log_group(
            self, "Logs", name=f"/aws/lambda/{name}", environment=environment, key=key
        )
        # Lambda's default role carries a managed policy that may write to any log group.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        if environment.access and environment.access.vpc_endpoints is not None:
            exempt(self.role)
        self.log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=handler,
            code=python_code(packages),
            timeout=Duration.seconds(settings.timeout_seconds),
            memory_size=settings.memory_mib,
            reserved_concurrent_executions=reserved_concurrency,
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
        )
        self.add_variables(
            {
                EnvVar.ENVIRONMENT: environment.name,
                EnvVar.LOG_LEVEL: settings.log_level,
                EnvVar.TRACING: tracing_variable(environment),
                EnvVar.JOBS_TABLE: jobs_table.table_name,
                EnvVar.IDEMPOTENCY_TABLE: idempotency_table.table_name,
                EnvVar.ECS_CLUSTER_NAME: cluster.cluster_name,
                **variables,
            }
        )

    def add_variables(self, variables: Variables) -> None:
        """Set environment variables."""
        for name, value in by_name(variables).items():
            self.function.add_environment(name, value)

    def allow(self, *statements: iam.PolicyStatement) -> None:
        """Add statements to the function's role."""
        for statement in statements:
            self.role.add_to_policy(statement)


def python_code(packages: tuple[str, ...], *, root: Path = _ROOT) -> lambda_.AssetCode:
    """Return the packages' Python files, at their own paths below `root`, as a zip.

    The asset's hash covers names and contents alone.
    """
    parents = sorted({str(up) for package in packages for up in Path(package).parents} - {"."})
    kept = [f"!/{parent}" for parent in parents]
    kept += [f"!/{parent}/__init__.py" for parent in parents]
    kept += [f"!/{package}{below}" for package in packages for below in ("", "/**")]
    return lambda_.Code.from_asset(
        str(root),
        # As in a .gitignore, the last pattern that matches a path decides.
        exclude=["/*", "/*/*", *kept, "__pycache__", "*.txt"],
        ignore_mode=IgnoreMode.GIT,
    )
