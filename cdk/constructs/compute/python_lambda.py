"""A Lambda function of ours: a small deterministic zip, a log group, a role of exact grants."""

from pathlib import Path

from aws_cdk import Duration, IgnoreMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.observability.log_group import log_group

DISPATCHER_PACKAGES = ("runtime/core", "runtime/aws", "runtime/dispatcher")
REAPER_PACKAGES = ("runtime/core", "runtime/aws", "runtime/reaper")

_ROOT = Path(__file__).resolve().parents[3]


class PythonLambda(Construct):
    """`function`, `role` and `log_group`.

    The zip holds `packages`, folders below the repository's root, and nothing else.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        name: str,
        log_group_name: str,
        handler: str,
        packages: tuple[str, ...],
        description: str,
        timeout: Duration,
        memory_mib: int,
        variables: dict[str, str],
        key: kms.IKey | None,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = log_group(
            self, "Logs", name=log_group_name, environment=environment, key=key
        )
        # A role of our own: the managed policy of Lambda's default may write to any log group.
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
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
            timeout=timeout,
            memory_size=memory_mib,
            environment=variables,
            reserved_concurrent_executions=reserved_concurrency,
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
        )

    def allow(self, *statements: iam.PolicyStatement) -> None:
        """Grant the function exactly these."""
        for statement in statements:
            self.role.add_to_policy(statement)


def python_code(packages: tuple[str, ...], *, root: Path = _ROOT) -> lambda_.AssetCode:
    """Return the packages' Python files, at their own paths below `root`, as a zip.

    The asset's hash covers names and contents only, so it changes with the code and nothing else.
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
