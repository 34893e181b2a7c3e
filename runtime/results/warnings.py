"""Warnings about what is missing or doubtful in a result, each a code and a sentence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from runtime.core.media import TimeRange
from runtime.results.render.text import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWarning:
    """A warning for the reader of a result: a stable code, a full sentence, and where it holds."""

    code: str
    message: str
    ranges: tuple[TimeRange, ...] = ()

    def at(self, ranges: Sequence[TimeRange]) -> "ResultWarning":
        """Return the warning for these stretches, which its message then names."""
        times = [f"{clock(r.start_seconds)}-{clock(r.end_seconds)}" for r in ranges[:_NAMED]]
        more = f" and {len(ranges) - _NAMED} more" if len(ranges) > _NAMED else ""
        message = f"{self.message.removesuffix('.')} ({', '.join(times)}{more})."
        return replace(self, message=message, ranges=tuple(ranges))


_NAMED = 5
"""Stretches that a message names."""

WARNINGS: dict[str, ResultWarning] = {}
"""Every warning by its code, in the order in which results list them."""


def in_result_order(found: Collection[ResultWarning]) -> tuple[ResultWarning, ...]:
    """Return one warning of each code, in the order of `WARNINGS`."""
    by_code = {warning.code: warning for warning in found}
    return tuple(by_code[code] for code in WARNINGS if code in by_code)


def _warning(code: str, message: str) -> ResultWarning:
    WARNINGS[code] = ResultWarning(code=code, message=message)
    return WARNINGS[code]


NO_AUDIO = _warning(
    "media.no_audio",
    "The video has no sound, so there is no transcript and no summary, only scenes.",
)
NO_VIDEO = _warning(
    "media.no_video", "The file has no picture, so there are no scenes, only speech."
)
VIDEO_UNREADABLE = _warning(
    "media.video_unreadable",
    "The file has a picture, but none of it could be decoded, so there are no scenes.",
)
AUDIO_UNREADABLE = _warning(
    "media.audio_unreadable",
    "The video has sound, but none of it could be decoded, so there is no transcript.",
)
NO_SUCH_TRACK = _warning(
    "media.no_such_track",
    "The video has no audio track such as was asked for; its default track was used.",
)
OTHER_TRACKS = _warning(
    "media.other_tracks",
    "The file has other audio tracks with sound, which are not in the results; an upload with the "
    "option audio-track gives those of another track.",
)
DAMAGED = _warning(
    "media.damaged",
    "Parts of the file could not be decoded; what they held is missing in the results.",
)
CUT_OFF = _warning(
    "media.cut_off",
    "The file ends before the length it claims, as an upload or recording cut off does.",
)
APPENDED = _warning(
    "media.appended",
    "Another recording was appended to the file, and could not be read or has tracks that the "
    "first one lacks; upload it as a file of its own.",
)
AUDIO_FAILED = _warning(
    "audio.failed",
    "The sound could not be decoded, so there is no transcript and no summary.",
)
SCENES_FAILED = _warning(
    "scenes.failed", "The picture could not be decoded, so there are no scenes."
)
THUMBNAILS_FAILED = _warning("thumbnails.failed", "No pictures of the scenes could be made.")
PLAYER_AUDIO_FAILED = _warning(
    "player_audio.failed", "The sound could not be made into a file for players."
)
NO_SPEECH = _warning("speech.none", "No speech was recognised, so there is nothing to summarize.")
UNWRITTEN_SPEECH = _warning(
    "speech.unwritten", "Speech was heard in which no words were recognised."
)
SPEAKERS_WITHOUT_WORDS = _warning(
    "speakers.without_words", "Somebody speaks of whom no words were recognised."
)
NO_SPEAKERS = _warning(
    "speakers.none",
    "Speech was recognised, but no voice could be told apart, so no word has a speaker.",
)
SPEAKERS_FAILED = _warning(
    "speakers.failed",
    "Telling the speakers apart failed, so no word has a speaker; the words stand.",
)
SUMMARY_MODEL_FAILED = _warning(
    "summary.model_failed",
    "The model for summaries gave no usable answer, so the summary consists of quotes.",
)
SUMMARY_OVER_BUDGET = _warning(
    "summary.over_budget",
    "The budget for summaries by a model is spent, so the summary consists of quotes.",
)
SUMMARY_NOT_SUPPORTED = _warning(
    "summary.not_supported",
    "Sentences of the model that the transcript does not support were left out of the summary.",
)
SUMMARY_UNKNOWN_KIND = _warning(
    "summary.unknown_kind",
    "There is no kind of recording such as was asked for; the kind was guessed.",
)
REDACTION_FAILED = _warning(
    "redaction.failed",
    "Personal data could not be removed, so there are no results without it.",
)
SUMMARY_BEFORE_CORRECTIONS = _warning(
    "summary.before_corrections",
    "Sentences that the summary rests on were corrected after it was written.",
)
