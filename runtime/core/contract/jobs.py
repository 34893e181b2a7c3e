"""How jobs run: where, with which options, in which stages."""

from enum import StrEnum


class Launch(StrEnum):
    """How an environment runs jobs: a task each, or by workers that poll a queue."""

    ON_DEMAND = "on_demand"
    POOL = "pool"


class Compute(StrEnum):
    """What a job runs on; chosen by the upload's metadata `lifestream-compute`."""

    CPU = "cpu"
    GPU = "gpu"


OPTION_PREFIX = "lifestream-"
"""The prefix of the upload metadata that holds a job's options."""


class Device(StrEnum):
    """The device that a processor computes on: `DEVICE`."""

    CPU = "cpu"
    CUDA = "cuda"


class Option(StrEnum):
    """A job's options in its upload's metadata, as in `x-amz-meta-lifestream-language`."""

    COMPUTE = "compute"
    LANGUAGE = "language"
    MIN_SPEAKERS = "min-speakers"
    MAX_SPEAKERS = "max-speakers"
    VOCABULARY = "vocabulary"
    QUALITY = "quality"
    AUDIO_TRACK = "audio-track"
    CHANNELS = "channels"
    LEAVE_OUT = "leave-out"
    SCENE_MODEL = "scene-model"
    SUMMARY_KIND = "summary-kind"
    SUMMARY_LANGUAGE = "summary-language"
    KEEP_DAYS = "keep-days"
    TRANSLATE = "translate"
    REDACT = "redact"


class Quality(StrEnum):
    """How much time recognition may take for better words."""

    FAST = "fast"
    BALANCED = "balanced"
    BEST = "best"


class Channels(StrEnum):
    """How the channels of a recording are used."""

    AUTO = "auto"
    MIX = "mix"
    SEPARATE = "separate"


class LeaveOut(StrEnum):
    """A part of the results that an upload can leave out."""

    SPEAKERS = "speakers"
    SCENES = "scenes"
    THUMBNAILS = "thumbnails"
    PLAYER_AUDIO = "player-audio"
    SUMMARY = "summary"


class Redact(StrEnum):
    """What is made again without personal data: the documents, or these and the sound."""

    TEXT = "text"
    SOUND = "sound"


REDACTED_FOLDER = "redacted/"
"""Where results without personal data are, beside the others."""


class SubmissionField(StrEnum):
    """Who uploaded a file and its title, in the same metadata; see `runtime.core.submission`."""

    OWNER = "owner"
    TITLE = "title"


class SummarizerName(StrEnum):
    """What writes summaries: code that quotes, or a model behind a service."""

    EXTRACTIVE = "extractive"
    BEDROCK = "bedrock"
    OPENAI = "openai"


class SceneModel(StrEnum):
    """The scene detector: fast and by hard cuts only, or slow and by dissolves too."""

    ADAPTIVE = "adaptive"
    TRANSNETV2 = "transnetv2"


class Stage(StrEnum):
    """Stages of the pipeline in the order in which a job reports them."""

    FETCH = "fetch"
    PROBE = "probe"
    AUDIO = "audio"
    TRANSCRIBE = "transcribe"
    DIARIZE = "diarize"
    SCENES = "scenes"
    THUMBNAILS = "thumbnails"
    PLAYER_AUDIO = "player_audio"
    ATTRIBUTE = "attribute"
    CHUNK = "chunk"
    SUMMARIZE = "summarize"
    PUBLISH = "publish"
