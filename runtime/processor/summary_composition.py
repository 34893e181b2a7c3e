"""Connects the model that writes summaries, if the settings name one."""

from runtime.aws import clients
from runtime.aws.bedrock import BedrockChatModel, Guardrail
from runtime.aws.spend_ledger import DynamoSpendLedger
from runtime.core.chat import ChatModel
from runtime.core.clock import SystemClock
from runtime.core.contract import SummarizerName
from runtime.processor.settings import ProcessorSettings
from runtime.processor.summaries.budget import Budget
from runtime.processor.summaries.map_reduce import ModelLimits, ModelSummarizer
from runtime.processor.summaries.openai_chat import OpenAIChatModel
from runtime.processor.summaries.template import templates_of
from runtime.processor.summaries.vocabulary import ordinary_words
from runtime.processor.summaries.writer import SummaryWriter

QUESTION_SECONDS = 60
"""How long one answer may take; 2,000 tokens take about 30 s from a slow model."""


def connect_summaries(settings: ProcessorSettings) -> SummaryWriter:
    """Return the writer of summaries; a model is asked within the settings' money and time."""
    templates = templates_of(settings.summary_templates)
    if settings.summarizer is SummarizerName.EXTRACTIVE:
        return SummaryWriter(templates=templates, identity=settings.summary_templates)
    clock = SystemClock()
    summarizer = ModelSummarizer(
        model=_chat_model(settings),
        prices=settings.prices,
        budget=Budget(job_usd=settings.summary_job_usd, month_usd=settings.summary_month_usd),
        ledger=DynamoSpendLedger(
            clients.dynamodb(settings.region), table=settings.idempotency_table, clock=clock
        ),
        clock=clock,
        limits=ModelLimits(seconds=settings.summary_seconds),
        ordinary_words=lambda: ordinary_words(settings.models_dir / settings.asr_model),
    )
    identity = (settings.summarizer, settings.summary_model, settings.summary_guardrail)
    return SummaryWriter(
        model=summarizer,
        identity=f"{identity} {settings.summary_templates}",
        templates=templates,
    )


def _chat_model(settings: ProcessorSettings) -> ChatModel:
    seconds = min(QUESTION_SECONDS, round(settings.summary_seconds) or 1)
    if settings.summarizer is SummarizerName.OPENAI:
        key = settings.summary_api_key
        return OpenAIChatModel(
            endpoint=settings.summary_endpoint,
            api_key=None if key is None else key.get_secret_value(),
            model=settings.summary_model,
            timeout_seconds=seconds,
        )
    identifier, _, version = (settings.summary_guardrail or "").partition(":")
    return BedrockChatModel(
        clients.bedrock(settings.region, read_timeout=seconds),
        model=settings.summary_model,
        guardrail=Guardrail(identifier=identifier, version=version) if identifier else None,
        caches_prompts=settings.summary_prompt_caching,
    )
