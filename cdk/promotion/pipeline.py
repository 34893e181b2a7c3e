"""The pipeline: sources, one build, then stage after stage with the same image and templates."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aws_cdk import Aws, Duration, RemovalPolicy, Stack, pipelines
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.permissions.statement import allow
from cdk.nag.environment_findings import acknowledge
from cdk.promotion.artifacts import ArtifactsStack, artifact_bucket, artifact_key
from cdk.promotion.config import PipelineConfig, PromotionConfig, StageConfig
from cdk.promotion.releases import READ, WRITE
from cdk.promotion.steps import ASSEMBLY, IMAGE, PYTHON, Steps
from cdk.promotion.targets import (
    STEPS_ROLE,
    DeploymentTarget,
    promoter_role,
    release_target,
)
from cdk.promotion.waves import names_of, preceding
from cdk.stage import EnvironmentStage
from runtime.core.contract import SERVICE_NAME

_ASSETS_CLI = "4.7.3"
_ROOT = Path(__file__).resolve().parents[2]


class PipelineStack(Stack):
    """`stages` by environment, `steps_role`, and the pipeline that promotes through them."""

    def __init__(
        self,
        scope: Construct,
        *,
        config: PromotionConfig,
        pipeline: PipelineConfig,
        environments: Mapping[str, EnvironmentConfig],
        targets: Mapping[str, DeploymentTarget],
        images: ecr.IRepository,
    ) -> None:
        self._release_target = release_target(config)
        super().__init__(
            scope,
            "Pipeline",
            stack_name=f"{SERVICE_NAME}-pipeline",
            description="Lifestream: from a commit to production, stage by stage",
            env=self._release_target.environment,
        )
        self._environments, self._targets = environments, targets
        # Below the app as in `app.py`: logical ids come from the path, and must be the same in
        # every deployment.
        self._app = scope
        self.stages: dict[str, EnvironmentStage] = {}
        self._log = self._create_log()
        self._artifact_key = artifact_key(self)
        self._artifacts = artifact_bucket(self, key=self._artifact_key)
        self.steps_role = self._create_steps_role()
        source = pipelines.CodePipelineSource.connection(
            config.repository, config.branch, connection_arn=pipeline.connection_arn
        )
        synth = self._create_synth(source, pipeline, images)
        replicas = self._create_replicas(scope)
        self._pipeline = pipelines.CodePipeline(
            self,
            "Promotion",
            pipeline_name=f"{SERVICE_NAME}-promotion",
            pipeline_type=codepipeline.PipelineType.V2,
            execution_mode=codepipeline.ExecutionMode.SUPERSEDED,
            artifact_bucket=None if replicas else self._artifacts,
            cross_region_replication_buckets=(
                {self._release_target.region: self._artifacts, **replicas} if replicas else None
            ),
            synth=synth,
            cli_version=_cli_version(),
            cdk_assets_cli_version=_ASSETS_CLI,
            code_build_defaults=pipelines.CodeBuildOptions(
                build_environment=codebuild.BuildEnvironment(build_image=IMAGE),
                logging=codebuild.LoggingOptions(
                    cloud_watch=codebuild.CloudWatchLoggingOptions(log_group=self._log)
                ),
            ),
        )
        steps = Steps(
            source=source,
            synth=synth,
            role=self.steps_role.without_policy_updates(),
            release_target=self._release_target,
        )
        before = "the build"
        for wave in config.waves:
            self._add(wave, steps, before)
            before = names_of(wave)
        self._pipeline.build_pipeline()
        self._allow_connection(pipeline.connection_arn)

    def _add(self, wave: Sequence[StageConfig], steps: Steps, before: str) -> None:
        """Add stages that are deployed at the same time, after one approval of them all."""
        alone = len(wave) == 1
        name = wave[0].environment if alone else str(wave[0].wave)
        names = [stage.environment for stage in wave]
        guards = [steps.guard(each, self._targets[each]) for each in names]
        first = preceding(guards, wave, before, name)
        if alone:
            deployed, options = self._deployed(wave[0], steps)
            self._pipeline.add_stage(deployed, pre=first, **options)
            return
        together = self._pipeline.add_wave(name, pre=first)
        for stage in wave:
            deployed, options = self._deployed(stage, steps)
            together.add_stage(deployed, **options)

    def _deployed(
        self, stage: StageConfig, steps: Steps
    ) -> tuple[EnvironmentStage, dict[str, Any]]:
        """Return an environment's stacks, and the steps between and after them."""
        name, target = stage.environment, self._targets[stage.environment]
        deployed = EnvironmentStage(self._app, environment=self._environments[name])
        acknowledge(deployed)
        self.stages[name] = deployed
        protect, proof = steps.protect(name, target), steps.proof(name, target, checks=stage.proof)
        proof.add_step_dependency(protect)
        # The repository is there by then, and the first task definition is not.
        image = pipelines.StackSteps(stack=deployed.processing, pre=[steps.image(name, target)])
        return deployed, {"stack_steps": [image], "post": [protect, proof]}

    def _allow_connection(self, arn: str) -> None:
        """Have the source's role use the service prefix of the connection's ARN.

        CDK writes the former prefix, codestar-connections, which IAM does not match with an ARN of
        the present one ("Connections rename" in the guide of the Developer Tools console).
        """
        prefix = arn.split(":")[2]
        for policy in self._pipeline.pipeline.node.find_all():
            if not isinstance(policy, iam.CfnPolicy):
                continue
            document = self.resolve(policy.policy_document)
            for number, statement in enumerate(document["Statement"]):
                if statement["Action"] == "codestar-connections:UseConnection":
                    path = f"PolicyDocument.Statement.{number}.Action"
                    policy.add_property_override(path, f"{prefix}:UseConnection")

    def _create_synth(
        self,
        source: pipelines.CodePipelineSource,
        pipeline: PipelineConfig,
        images: ecr.IRepository,
    ) -> pipelines.CodeBuildStep:
        secret = pipeline.hub_token_secret
        return pipelines.CodeBuildStep(
            "Build",
            input=source,
            install_commands=["make setup"],
            commands=[
                "make check",
                # Writes the digest into every environment's file, for all stages to come.
                ".venv/bin/python -m image release",
                ".venv/bin/python promotion.py",
            ],
            primary_output_directory=ASSEMBLY,
            build_environment=codebuild.BuildEnvironment(
                build_image=IMAGE,
                compute_type=codebuild.ComputeType.LARGE,
                # Docker builds images in a container of its own.
                privileged=True,
                environment_variables=(
                    {
                        "HF_TOKEN": codebuild.BuildEnvironmentVariable(
                            type=codebuild.BuildEnvironmentVariableType.SECRETS_MANAGER,
                            value=secret,
                        )
                    }
                    if secret
                    else None
                ),
            ),
            partial_build_spec=codebuild.BuildSpec.from_object(PYTHON),
            role=self._create_build_role(images, secret).without_policy_updates(),
            timeout=Duration.hours(2),
        )

    def _create_build_role(self, images: ecr.IRepository, secret: str | None) -> iam.Role:
        role = self._create_role(
            "Build",
            "Checks, releases the image, synthesizes",
            allow(["ecr:GetAuthorizationToken"], "*"),
            allow([*READ, *WRITE], images.repository_arn),
            allow(["s3:PutObject"], self._artifacts.arn_for_objects("*")),
            allow(["kms:GenerateDataKey"], self._artifact_key.key_arn),
        )
        if secret:
            # Secrets Manager adds six characters to a secret's name.
            arn = f"arn:{Aws.PARTITION}:secretsmanager:{self.region}:{self.account}:secret:{secret}"
            role.add_to_policy(allow(["secretsmanager:GetSecretValue"], f"{arn}-??????"))
        return role

    def _create_steps_role(self) -> iam.Role:
        promoters = (target.role_arn(promoter_role(name)) for name, target in self._targets.items())
        return self._create_role(
            "Steps",
            "Runs the steps between deployments, as each environment's promoter",
            allow(["sts:AssumeRole"], *promoters),
            name=STEPS_ROLE,
        )

    def _create_role(
        self,
        construct_id: str,
        description: str,
        *statements: iam.PolicyStatement,
        name: str | None = None,
    ) -> iam.Role:
        """Return a role that builds take; CDK would let each of them write every build's log."""
        role = iam.Role(
            self,
            construct_id,
            role_name=name,
            description=description,
            assumed_by=iam.ServicePrincipal(
                "codebuild.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            ),
        )
        self._log.grant_write(role)
        objects = self._artifacts.arn_for_objects("*")
        for statement in (
            allow(["s3:GetObject", "s3:GetObjectVersion"], objects),
            allow(["s3:GetBucketLocation", "s3:ListBucket"], self._artifacts.bucket_arn),
            allow(["kms:Decrypt"], self._artifact_key.key_arn),
            *statements,
        ):
            role.add_to_policy(statement)
        return role

    def _create_replicas(self, app: Construct) -> dict[str, s3.IBucket]:
        """Return a bucket of artifacts for each other region that is deployed to."""
        account, own = self._release_target.account, self._release_target.region
        regions = sorted({target.region for target in self._targets.values()} - {own})
        replicas: dict[str, s3.IBucket] = {}
        for region in regions:
            stack = ArtifactsStack(app, target=DeploymentTarget(account, region))
            self.add_dependency(stack)
            replicas[region] = stack.bucket
        return replicas

    def _create_log(self) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "Builds",
            log_group_name=f"/aws/codebuild/{SERVICE_NAME}",
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )


def _cli_version() -> str:
    """Return the version of the command line that this repository is locked to."""
    package = json.loads((_ROOT / "package.json").read_text())
    version: str = package["devDependencies"]["aws-cdk"]
    return version
