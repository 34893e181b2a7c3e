"""The steps between deployments: what each runs, and on what machine."""

from aws_cdk import Duration, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam

from cdk.promotion.targets import DeploymentTarget, promoter_role

IMAGE = codebuild.LinuxBuildImage.STANDARD_7_0
"""Ubuntu with Python 3.11, Node and Docker."""

PYTHON = {"phases": {"install": {"runtime-versions": {"python": "3.11"}}}}
ASSEMBLY = "promotion.out"
_SETUP = "make setup-tools"
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
        command = f"cdk.guard check --deployed --environment {environment}"
        return self._step("Guard", command, environment, target)

    def image(self, environment: str, target: DeploymentTarget) -> pipelines.Step:
        """Bring the image that was released, and no other, to the environment's repository."""
        released = self._release_target
        source = f"--source-account {released.account} --source-region {released.region}"
        command = f"image promote --environment {environment} {source}"
        return self._step("Image", command, environment, target, _SETUP, _INSTALL_SKOPEO)

    def protect(self, environment: str, target: DeploymentTarget) -> pipelines.Step:
        """Guard the stacks of data against deletion, which CDK Pipelines do not."""
        command = f"lifestream --environment {environment} protect"
        return self._step("Protect", command, environment, target)

    def proof(self, environment: str, target: DeploymentTarget, *, checks: str) -> pipelines.Step:
        """Use the environment as a user would."""
        command = f"scripts.verification {checks} --environment {environment}"
        return self._step(checks.capitalize(), command, environment, target, "make setup")

    def _step(
        self, name: str, command: str, environment: str, target: DeploymentTarget, *install: str
    ) -> pipelines.Step:
        role = target.role_arn(promoter_role(environment))
        return pipelines.CodeBuildStep(
            f"{name}-{environment}",
            input=self._source,
            additional_inputs={"cdk.out": self._synth},
            install_commands=list(install or (_SETUP,)),
            commands=[f"scripts/with_role {role} {target.region} .venv/bin/python -m {command}"],
            role=self._role,
            build_environment=codebuild.BuildEnvironment(build_image=IMAGE),
            partial_build_spec=codebuild.BuildSpec.from_object(PYTHON),
            timeout=Duration.hours(2),
        )
