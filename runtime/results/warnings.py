"""What a reader of the results should know is missing or doubtful: each a code and a sentence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultWarning:
    """Something a reader of the results should know: stable code and a full sentence."""

    code: str
    message: str


NO_AUDIO = ResultWarning(
    code="media.no_audio",
    message="The video has no sound, so there is no transcript and no summary, only scenes.",
)
NO_VIDEO = ResultWarning(
    code="media.no_video", message="The file has no picture, so there are no scenes, only speech."
)
AUDIO_FAILED = ResultWarning(
    code="audio.failed",
    message="The sound could not be decoded, so there is no transcript and no summary.",
)
SCENES_FAILED = ResultWarning(
    code="scenes.failed", message="The picture could not be decoded, so there are no scenes."
)
VIDEO_UNREADABLE = ResultWarning(
    code="media.video_unreadable",
    message="The file has a picture, but none of it could be decoded, so there are no scenes.",
)
AUDIO_UNREADABLE = ResultWarning(
    code="media.audio_unreadable",
    message="The video has sound, but none of it could be decoded, so there is no transcript.",
)
NO_SUCH_TRACK = ResultWarning(
    code="media.no_such_track",
    message="The video has no audio track such as was asked for; its default track was used.",
)
DAMAGED = ResultWarning(
    code="media.damaged",
    message="Parts of the file could not be decoded; what they held is missing in the results.",
)
CUT_OFF = ResultWarning(
    code="media.cut_off",
    message="The file ends before the length it claims, as an upload or recording cut off does.",
)
THUMBNAILS_FAILED = ResultWarning(
    code="thumbnails.failed", message="No pictures of the scenes could be made."
)
PLAYER_AUDIO_FAILED = ResultWarning(
    code="player_audio.failed", message="The sound could not be made into a file for players."
)
NO_SPEECH = ResultWarning(
    code="speech.none", message="No speech was recognised, so there is nothing to summarize."
)
NO_SPEAKERS = ResultWarning(
    code="speakers.none",
    message="Speech was recognised, but no voice could be told apart, so no word has a speaker.",
)
SPEAKERS_FAILED = ResultWarning(
    code="speakers.failed",
    message="Telling the speakers apart failed, so no word has a speaker; the words stand.",
)

WARNINGS = {
    warning.code: warning
    for warning in (
        NO_AUDIO,
        NO_VIDEO,
        VIDEO_UNREADABLE,
        AUDIO_UNREADABLE,
        NO_SUCH_TRACK,
        DAMAGED,
        CUT_OFF,
        AUDIO_FAILED,
        SCENES_FAILED,
        THUMBNAILS_FAILED,
        PLAYER_AUDIO_FAILED,
        NO_SPEECH,
        NO_SPEAKERS,
        SPEAKERS_FAILED,
    )
}
"""Every warning by its code, in the order in which a reader is told of them."""
