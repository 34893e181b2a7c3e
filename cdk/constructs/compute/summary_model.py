"""What the processor needs for summaries by a model: variables, rights and a secret."""

from collections.abc import Mapping

from aws_cdk import Aws
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.summary import SummaryConfig
from cdk.constructs.compute.container import Variables
from cdk.constructs.permissions.statement import allow
from cdk.naming import local_arn
from runtime.core.contract import FALSE, SPEND_PREFIX, TRUE, EnvVar, SummarizerName


def summary_variables(environment: EnvironmentConfig) -> Variables:
    """Return the variables of the model, none without one."""
    summary = environment.summary
    if summary is None:
        return {}
    return {
        EnvVar.SUMMARIZER: summary.summarizer,
        EnvVar.SUMMARY_MODEL: summary.model,
        EnvVar.SUMMARY_PROMPT_CACHING: TRUE if summary.prompt_caching else FALSE,
        EnvVar.SUMMARY_PRICES: summary.prices,
        EnvVar.SUMMARY_JOB_USD: f"{summary.job_usd}",
        EnvVar.SUMMARY_MONTH_USD: f"{summary.month_usd}",
        EnvVar.SUMMARY_SECONDS: str(summary.seconds),
        EnvVar.SUMMARY_ENDPOINT: summary.endpoint,
        EnvVar.SUMMARY_GUARDRAIL: summary.guardrail,
        EnvVar.SUMMARY_TEMPLATES: summary.templates,
    }


def summary_secrets(
    scope: Construct, environment: EnvironmentConfig
) -> Mapping[EnvVar, ecs.Secret]:
    """Return the API key, which ECS reads when a task starts, if there is one."""
    summary = environment.summary
    if summary is None or summary.api_key_secret is None:
        return {}
    secret = secretsmanager.Secret.from_secret_complete_arn(
        scope, "SummaryApiKey", summary.api_key_secret
    )
    return {EnvVar.SUMMARY_API_KEY: ecs.Secret.from_secrets_manager(secret)}


def summary_permissions(
    environment: EnvironmentConfig, *, idempotency_table: dynamodb.ITable
) -> list[iam.PolicyStatement]:
    """Return the rights to call this model alone, and to read the month's spending."""
    summary = environment.summary
    if summary is None:
        return []
    spending = allow(
        ["dynamodb:GetItem"],
        idempotency_table.table_arn,
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{SPEND_PREFIX}*"]}},
    )
    if SummarizerName(summary.summarizer) is not SummarizerName.BEDROCK:
        return [spending]
    return [spending, *_call_model(summary), *_apply_guardrail(summary)]


def _call_model(summary: SummaryConfig) -> list[iam.PolicyStatement]:
    """Return the right to call the model, in the regions of its profile and through it alone."""
    if summary.foundation_model is None:
        return [_invoke([_model_arn(Aws.REGION, summary.model)])]
    profile = _profile_arn(summary.model)
    return [
        _invoke([profile]),
        _invoke(
            [_model_arn(region, summary.foundation_model) for region in summary.model_regions],
            conditions={"StringLike": {"bedrock:InferenceProfileArn": profile}},
        ),
    ]


def _apply_guardrail(summary: SummaryConfig) -> list[iam.PolicyStatement]:
    if summary.guardrail is None:
        return []
    identifier, _, _ = summary.guardrail.partition(":")
    return [allow(["bedrock:ApplyGuardrail"], local_arn("bedrock", f"guardrail/{identifier}"))]


def _invoke(
    resources: list[str], conditions: dict[str, dict[str, str]] | None = None
) -> iam.PolicyStatement:
    # Converse is authorized as InvokeModel.
    return allow(["bedrock:InvokeModel"], *resources, conditions=conditions)


def _model_arn(region: str, model: str) -> str:
    return f"arn:{Aws.PARTITION}:bedrock:{region}::foundation-model/{model}"


def _profile_arn(model: str) -> str:
    """Return the ARN of a system-defined profile by its id, or an application's own."""
    return model if model.startswith("arn:") else local_arn("bedrock", f"inference-profile/{model}")
