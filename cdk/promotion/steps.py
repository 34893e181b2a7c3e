"""The steps between deployments: what each runs, and on what machine."""

from collections.abc import Sequence

from aws_cdk import Duration, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam

from cdk.promotion.targets import DeploymentTarget, promoter_role

IMAGE = codebuild.LinuxBuildImage.STANDARD_7_0
"""Ubuntu with Python 3.11, Node and Docker."""

PYTHON = {"phases": {"install": {"runtime-versions": {"python": "3.11"}}}}
ASSEMBLY = "promotion.out"
_INSTALL_SKOPEO = "apt-get update -qq && apt-get install -y -qq skopeo"


class Steps:
    """Makes the steps of every stage, which all run as one role and on the same inputs."""

    def __init__(
        self,
        *,
        source: pipelines.IFileSetProducer,
        synth: pipelines.IFileSetProducer,
        role: iam.IRole,
        release_target: DeploymentTarget,
    ) -> None:
        self._source = source
        self._synth = synth
        self._role = role
        self._release_target = release_target

    def guard(self, environment: str, target: DeploymentTarget) -> pipelines.Step:
        """Refuse to lose data, compared with what is deployed."""
        return self._step(
            f"Guard-{environment}",
            install=["make setup-tools"],
            command=f"python -m cdk.guard check --deployed --environment {environment}",
            environment=environment,
            target=target,
        )

    def image(self, environment: str, target: DeploymentTarget) -> pipelines.Step:
        """Bring the image that was released, and no other, to the environment's repository."""
        released = self._release_target
        source = f"--source-account {released.account} --source-region {released.region}"
        return self._step(
            f"Image-{environment}",
            install=["make setup-tools", _INSTALL_SKOPEO],
            command=f"python -m image promote --environment {environment} {source}",
            environment=environment,
            target=target,
        )

    def protect(self, environment: str, target: DeploymentTarget) -> pipelines.Step:
        """Guard the stacks of data against deletion, which CDK Pipelines do not."""
        return self._step(
            f"Protect-{environment}",
            install=["make setup-tools"],
            command=f"python -m lifestream --environment {environment} protect",
            environment=environment,
            target=target,
        )

    def proof(self, environment: str, target: DeploymentTarget, *, checks: str) -> pipelines.Step:
        """Use the environment as a user would."""
        return self._step(
            f"{checks.capitalize()}-{environment}",
            install=["make setup"],
            command=f"python -m scripts.verification {checks} --environment {environment}",
            environment=environment,
            target=target,
        )

    def _step(
        self,
        name: str,
        *,
        install: Sequence[str],
        command: str,
        environment: str,
        target: DeploymentTarget,
    ) -> pipelines.Step:
        role = target.role_arn(promoter_role(environment))
        return pipelines.CodeBuildStep(
            name,
            input=self._source,
            additional_inputs={"cdk.out": self._synth},
            install_commands=list(install),
            commands=[f"scripts/with_role {role} {target.region} .venv/bin/{command}"],
            role=self._role,
            build_environment=codebuild.BuildEnvironment(build_image=IMAGE),
            partial_build_spec=codebuild.BuildSpec.from_object(PYTHON),
            timeout=Duration.hours(2),
        )
