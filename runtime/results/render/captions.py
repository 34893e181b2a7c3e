"""Renders subtitles and chapter marks as SubRip and WebVTT."""

from collections.abc import Sequence

from runtime.results.job_result import JobResult
from runtime.results.render.cues import Cue, build_cues, speaker_changes
from runtime.results.render.text import timestamp

# SubRip has no escapes, and players take `<...>` and `{...}` for tags.
_WITHOUT_TAGS = str.maketrans("<>{}", "\u2039\u203a()")


def cues_of(result: JobResult) -> tuple[Cue, ...]:
    """Return the cues that all captions of a result show."""
    return build_cues(result.sentences, media_seconds=result.duration_seconds)


def srt(result: JobResult, cues: Sequence[Cue] | None = None) -> str:
    """Return SubRip subtitles; a new speaker's cue begins with the name."""
    cues = cues_of(result) if cues is None else cues
    blocks = []
    for number, (cue, changed) in enumerate(zip(cues, speaker_changes(cues), strict=True), start=1):
        name = f"[{result.name_of(cue.speaker)}]\n" if changed else ""
        span = _span(cue.start_seconds, cue.end_seconds, ",")
        text = "\n".join(cue.lines).translate(_WITHOUT_TAGS)
        blocks.append(f"{number}\n{span}\n{name}{text}\n")
    return "\n".join(blocks)


def vtt(result: JobResult, cues: Sequence[Cue] | None = None) -> str:
    """Return WebVTT subtitles with a voice span for each cue."""
    blocks = ["WEBVTT\n"]
    for cue in cues_of(result) if cues is None else cues:
        span = _span(cue.start_seconds, cue.end_seconds, ".")
        text = _escaped("\n".join(cue.lines))
        blocks.append(f"{span}\n<v {_escaped(result.name_of(cue.speaker))}>{text}</v>\n")
    return "\n".join(blocks)


def chapters_vtt(result: JobResult) -> str:
    """Return the chapters as a WebVTT chapters track."""
    blocks = ["WEBVTT\n"]
    for number, chapter in enumerate(result.chapters, start=1):
        span = _span(chapter.start_seconds, chapter.end_seconds, ".")
        blocks.append(f"{number}\n{span}\n{_escaped(chapter.title)}\n")
    return "\n".join(blocks)


def _span(start: float, end: float, decimal: str) -> str:
    return f"{timestamp(start, decimal=decimal)} --> {timestamp(end, decimal=decimal)}"


def _escaped(text: str) -> str:
    """Escape WebVTT's markup; `-->` inside a text would end its cue."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
