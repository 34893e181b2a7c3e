"""`summary.json`: the whole result in one document; see `schema/`."""

from dataclasses import replace
from typing import Any

from runtime.core.codec import encode
from runtime.core.contract import ResultFile, Stage, thumbnail_name
from runtime.core.media import MediaInfo
from runtime.core.summary import Citation, Summary, SummaryItem
from runtime.results.job_result import JobResult
from runtime.results.render.text import seconds
from runtime.results.warnings import ResultWarning

SCHEMA_VERSION = "1.3"
"""Major: a change that breaks readers. Minor: an addition."""

_MODEL_NAMES = {
    Stage.TRANSCRIBE: "transcription",
    Stage.DIARIZE: "diarization",
    Stage.SCENES: "scene_detection",
    Stage.SUMMARIZE: "sentence_embedding",
}


def summary_document(result: JobResult) -> dict[str, Any]:
    """Return the document; times in seconds from the start of the video."""
    source = result.source
    return {
        "schema_version": SCHEMA_VERSION,
        "job_id": source.job_id,
        "title": result.title,
        "source": {
            "bucket": source.bucket,
            "key": source.key,
            "etag": source.etag,
            "size_bytes": source.size_bytes,
        },
        "media": _media(result.media, result.duration_seconds),
        "language": result.language,
        "languages": [
            {"language": language, "word_count": count} for language, count in result.languages
        ],
        **_summary(result.summary),
        "chapters": [
            {
                "title": chapter.title,
                "start_seconds": seconds(chapter.start_seconds),
                "end_seconds": seconds(chapter.end_seconds),
            }
            for chapter in result.chapters
        ],
        "speakers": [
            {
                "speaker": speaker.label,
                "name": speaker.name,
                "talk_time_seconds": seconds(speaker.talk_time_seconds),
                "word_count": speaker.word_count,
                "interruptions": speaker.interruption_count,
                "interrupted": speaker.interrupted_count,
            }
            for speaker in result.speakers
        ],
        "interruptions": [
            {
                "at_seconds": seconds(interruption.at_seconds),
                "by": interruption.by,
                "of": interruption.of,
            }
            for interruption in result.interruptions
        ],
        "scenes": scene_list(result),
        "contact_sheet": _if_made(result, ResultFile.CONTACT_SHEET),
        "player_audio": _if_made(result, ResultFile.PLAYER_AUDIO),
        "warnings": [_warning(warning) for warning in result.warnings],
        "models": {
            name: result.models[stage]
            for stage, name in _MODEL_NAMES.items()
            if stage in result.models
        },
    }


def _summary(summary: Summary) -> dict[str, Any]:
    """Return the overview as `summary`, all sections, and how the summary was made."""
    usage = summary.usage
    cost = None if usage is None else usage.cost_usd
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
            "usage": usage and encode(replace(usage, cost_usd=cost and round(cost, 6))),
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


def _warning(warning: ResultWarning) -> dict[str, Any]:
    document: dict[str, Any] = {"code": warning.code, "message": warning.message}
    if warning.ranges:
        document["ranges"] = [
            {"start_seconds": seconds(r.start_seconds), "end_seconds": seconds(r.end_seconds)}
            for r in warning.ranges
        ]
    return document


def scene_list(result: JobResult) -> list[dict[str, Any]]:
    """Return the scenes as in `scenes.json` and `summary.json`."""
    return [
        {
            "index": scene.index,
            "start_seconds": seconds(scene.start_seconds),
            "end_seconds": seconds(scene.end_seconds),
            "thumbnail": _if_made(result, thumbnail_name(scene.index)),
        }
        for scene in result.scenes
    ]


def _if_made(result: JobResult, name: str) -> str | None:
    return str(name) if result.has_file(name) else None


def _media(media: MediaInfo, duration_seconds: float) -> dict[str, Any]:
    video, audio = media.video, media.audio
    return {
        "container": media.container,
        "duration_seconds": seconds(duration_seconds),
        "video": video
        and {
            "codec": video.codec,
            "width": video.width,
            "height": video.height,
            "frames_per_second": video.frames_per_second and round(video.frames_per_second, 3),
            "rotation_degrees": video.rotation_degrees,
        },
        "audio": audio
        and {
            "codec": audio.codec,
            "sample_rate": audio.sample_rate,
            "channels": audio.channels,
            "language": audio.language,
        },
    }
