"""The table of summaries by a model."""

import json
from typing import Annotated, Any, Literal

from annotated_types import Predicate
from pydantic import Field

from cdk.config.settings import Settings, Violations, rule, whole
from cdk.config.values import Region, Several, text

SECTIONS = frozenset(
    {
        *("overview", "key_points", "decisions", "action_items"),
        *("open_questions", "quotes", "keywords", "names"),
    }
)
TEMPLATE_FIELDS = frozenset({"name", "description", "tone", "length", "sections"})


def _is_template(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == TEMPLATE_FIELDS
        and isinstance(value["sections"], list)
        and bool(value["sections"])
        and set(value["sections"]) <= SECTIONS
    )


def _are_templates(value: str) -> bool:
    try:
        templates = json.loads(value)
    except ValueError:
        return False
    return isinstance(templates, list) and all(_is_template(each) for each in templates)


Usd = Annotated[
    float,
    Field(ge=0, le=10_000, json_schema_extra={"allowed": "US dollars from 0 to 10000, as in 0.25"}),
]
ModelId = Annotated[
    str,
    text(
        r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,200}",
        "a model's or inference profile's id or an application inference profile's ARN, in quotes",
    ),
]
Templates = Annotated[
    str,
    Predicate(_are_templates),
    Field(
        json_schema_extra={
            "allowed": "a JSON list of kinds of recording, each with name, description, tone, "
            "length and sections (docs/summaries.md)"
        }
    ),
]


class SummaryConfig(Settings):
    """Summaries by a model. Without [summary] they consist of quotes, and no model is called."""

    summarizer: Literal["bedrock", "openai"]
    """Where the model is: in Amazon Bedrock, or behind a server that speaks OpenAI's API."""
    model: ModelId
    """The model's id; for Bedrock usually an inference profile, as in eu.vendor.model-v1:0."""
    foundation_model: ModelId | None = None
    """The Bedrock model behind an inference profile, which the processor may call through it."""
    model_regions: Annotated[Several[Region], Field(max_length=10)] = ()
    """The regions to which the inference profile sends questions."""
    guardrail: (
        Annotated[str, text("[a-z0-9]+:([0-9]{1,8}|DRAFT)", "a guardrail's <id>:<version>")] | None
    ) = None
    """A Bedrock guardrail that sees every question and answer."""
    prompt_caching: bool = False
    """Whether instructions are marked for the model's prompt cache; not all models have one."""
    endpoint: (
        Annotated[
            str,
            text(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._/-]*)?", "a URL in quotes"),
        ]
        | None
    ) = None
    """The server that speaks OpenAI's API, with its path, as in http://10.20.0.9:8000/v1."""
    api_key_secret: (
        Annotated[str, text("arn:aws[a-z-]*:secretsmanager:.+", "a secret's ARN in quotes")] | None
    ) = None
    """The Secrets Manager secret with the server's API key as its text."""
    input_usd: Usd
    """The price of a million tokens that are read."""
    output_usd: Usd
    """The price of a million tokens that are written."""
    cache_read_usd: Usd = 0.0
    """The price of a million tokens that are read from the prompt cache."""
    cache_write_usd: Usd = 0.0
    """The price of a million tokens that are written to the prompt cache."""
    job_usd: Usd
    """The most that one summary may cost; a longer recording is summarized by quotes."""
    month_usd: Usd
    """The most that all summaries of a calendar month (UTC) may cost; then they are quotes."""
    seconds: int = whole(10, 1800)
    """The longest time that a job waits for its model; then its summary consists of quotes."""
    templates: Templates | None = None
    """Further kinds of recording; one of the same name replaces the project's."""

    @property
    def prices(self) -> str:
        """The prices as the processor reads them."""
        amounts = (self.input_usd, self.output_usd, self.cache_read_usd, self.cache_write_usd)
        return ",".join(f"{amount:.6f}".rstrip("0").rstrip(".") for amount in amounts)

    @rule("foundation_model")
    def _profile_names_its_model_and_regions(self) -> Violations:
        if (self.foundation_model is None) != (not self.model_regions):
            yield (
                "given together with summary.model_regions (the right to call a model through a"
                " profile names both)"
            )

    @rule("endpoint")
    def _bedrock_has_no_endpoint(self) -> Violations:
        if self.summarizer == "bedrock" and (self.endpoint or self.api_key_secret):
            yield (
                'left out, with summary.api_key_secret, while summarizer = "bedrock" (the task role'
                " admits to Bedrock)"
            )

    @rule("guardrail")
    def _others_have_no_guardrail(self) -> Violations:
        if self.summarizer == "openai" and (self.guardrail or self.foundation_model):
            yield (
                'left out, with summary.foundation_model, while summarizer = "openai" (they are'
                " Bedrock's)"
            )

    @rule("job_usd")
    def _a_job_fits_the_month(self) -> Violations:
        if self.job_usd > self.month_usd:
            yield f"at most summary.month_usd = {self.month_usd} (it could never be spent)"
