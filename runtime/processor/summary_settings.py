"""The processor's settings of summaries: which model writes them, and what they may cost."""

from typing import Annotated, Self

from pydantic import (
    AliasGenerator,
    BeforeValidator,
    Field,
    FiniteFloat,
    SecretStr,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.core.contract import FALSE, TRUE, EnvVar, SummarizerName
from runtime.processor.summaries.budget import Prices
from runtime.processor.summaries.template import TemplateError, templates_of

PRICES = ("input", "output", "cache read", "cache write")


def _variable(field: str) -> str:
    """Return the variable with a field's own name; a field of another name states its own."""
    return EnvVar.__members__.get(field.upper(), field)


def _true_or_false(value: object) -> object:
    if value in {TRUE, FALSE}:
        return value == TRUE
    if isinstance(value, bool):
        return value
    raise ValueError(value)


Flag = Annotated[bool, BeforeValidator(_true_or_false)]


class SummarySettings(BaseSettings):
    """Without a model, summaries are quotes. Amounts in US dollars, times in seconds.

    `summary_prices` are those of a million tokens: input, output, cache read, cache write.
    `summary_guardrail` is a Bedrock guardrail, `<id>:<version>`. `summary_templates` is a JSON list
    of kinds of recording.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        validate_by_name=True,
        alias_generator=AliasGenerator(validation_alias=_variable),
    )

    summarizer: SummarizerName = SummarizerName.EXTRACTIVE
    summary_model: str = ""
    summary_endpoint: str | None = None
    summary_api_key: SecretStr | None = None
    summary_guardrail: str | None = None
    summary_prompt_caching: Flag = False
    summary_prices: str = "0,0,0,0"
    summary_job_usd: Annotated[FiniteFloat, Field(ge=0)] = 1.0
    summary_month_usd: Annotated[FiniteFloat, Field(ge=0)] = 100.0
    summary_seconds: Annotated[FiniteFloat, Field(gt=0)] = 180.0
    summary_templates: str = ""

    @model_validator(mode="after")
    def _summaries_are_consistent(self) -> Self:
        if self.summarizer is not SummarizerName.EXTRACTIVE and not self.summary_model:
            raise ValueError(
                f"{EnvVar.SUMMARY_MODEL} is not set, which {EnvVar.SUMMARIZER}={self.summarizer} "
                "needs"
            )
        try:
            templates_of(self.summary_templates)
        except TemplateError as error:
            raise ValueError(f"{EnvVar.SUMMARY_TEMPLATES}: {error}") from error
        if len(self._amounts()) != len(PRICES):
            raise ValueError(
                f"{EnvVar.SUMMARY_PRICES} is {self.summary_prices!r}, not {len(PRICES)} amounts "
                f"({', '.join(PRICES)})"
            )
        if self.summary_guardrail and ":" not in self.summary_guardrail:
            raise ValueError(
                f"{EnvVar.SUMMARY_GUARDRAIL} is {self.summary_guardrail!r}, not <id>:<version>"
            )
        return self

    def _amounts(self) -> list[float]:
        parts = self.summary_prices.split(",")
        is_amount = (part.strip().replace(".", "", 1).isdecimal() for part in parts)
        return [float(part) for part in parts] if all(is_amount) else []

    @property
    def prices(self) -> Prices:
        """The prices of a million tokens."""
        asked, answered, cache_read, cache_write = self._amounts()
        return Prices(
            input_usd=asked,
            output_usd=answered,
            cache_read_usd=cache_read,
            cache_write_usd=cache_write,
        )
