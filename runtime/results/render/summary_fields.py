"""The summary's fields of `summary.json`."""

from typing import Any

from runtime.core.summary import Citation, ModelUsage, Summary, SummaryItem
from runtime.results.render.text import seconds


def summary_fields(summary: Summary) -> dict[str, Any]:
    """Return the overview as `summary`, all sections, and how the summary was made."""
    return {
        "summary": [
            {"text": item.text, **_times(item.first), "citations": _citations(item)}
            for item in summary.overview
        ],
        "summary_sections": [
            {
                "name": section.name,
                "title": section.title,
                "items": [_item(item) for item in section.items],
            }
            for section in summary.sections
        ],
        "summary_info": {
            "kind": summary.kind,
            "language": summary.language,
            "summarizer": summary.summarizer,
            "model": summary.model,
            "rejected_sentences": summary.rejected_sentences,
            "usage": summary.usage and _usage(summary.usage),
        },
    }


def _item(item: SummaryItem) -> dict[str, Any]:
    return {
        "text": item.text,
        "quoted": item.quoted,
        "owner": item.owner,
        "due": item.due,
        "citations": _citations(item),
    }


def _citations(item: SummaryItem) -> list[dict[str, Any]]:
    return [{"segment": citation.segment, **_times(citation)} for citation in item.citations]


def _times(citation: Citation) -> dict[str, Any]:
    return {
        "start_seconds": seconds(citation.start_seconds),
        "end_seconds": seconds(citation.end_seconds),
        "speaker": citation.speaker,
    }


def _usage(usage: ModelUsage) -> dict[str, Any]:
    return {
        "requests": usage.requests,
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_usd if usage.cost_usd is None else round(usage.cost_usd, 6),
    }
