"""Media values that stages exchange. All times are seconds on the presentation timeline."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runtime.core.word_spacing import joined

UNKNOWN_SPEAKER = "UNKNOWN"
SAMPLE_RATE = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded file: `path` on this machine's disk, `key` in the bucket."""

    path: Path
    key: str

    @property
    def name(self) -> str:
        """The file name that its uploader knows."""
        return PurePosixPath(self.key).name


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """A real video track (never cover art).

    It is displayed mirrored left to right if `is_mirrored`, then turned clockwise.
    """

    index: int
    codec: str
    width: int
    height: int
    frames_per_second: float | None
    rotation_degrees: int
    is_mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    """An audio track."""

    index: int
    codec: str
    sample_rate: int
    channels: int
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """What a container holds. `duration_seconds` is the container's claim, never trusted alone."""

    container: str
    duration_seconds: float | None
    size_bytes: int
    video: VideoStream | None
    audio: AudioStream | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """A stretch of the presentation timeline."""

    start_seconds: float
    end_seconds: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end_seconds - self.start_seconds

    def later(self, seconds: float) -> "TimeRange":
        """Return the stretch that begins so much later."""
        return TimeRange(
            start_seconds=round(max(0.0, self.start_seconds + seconds), 3),
            end_seconds=round(max(0.0, self.end_seconds + seconds), 3),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A stretch of one speaker; labels are `SPEAKER_00`, ... by first appearance."""

    start_seconds: float
    end_seconds: float
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How a speaker sounds: a vector of length 1, over so many seconds of speech alone.

    Only vectors of the same `model`, a digest of its files, can be compared.
    """

    speaker: str
    seconds: float
    vector: tuple[float, ...]
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diarization:
    """Who speaks when. `turns` may overlap; `exclusive_turns` have one speaker at a time.

    `voices` are there only where an environment knows voices.
    """

    turns: tuple[Turn, ...]
    exclusive_turns: tuple[Turn, ...]
    voices: tuple[Voice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """Where decoded sound lies on the presentation timeline: sample n at start + n / rate.

    Silence before a track starts is not part of it, so that the same track gives the same samples
    wherever it starts. What a codec needs to begin with may lie a little before 0. `parties` are
    the turns of a recording with one party on each channel.
    """

    starts_at_seconds: float
    duration_seconds: float
    parties: Diarization | None = None

    @property
    def end_seconds(self) -> float:
        """When its last sample ends."""
        return max(0.0, self.starts_at_seconds + self.duration_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio(Sound):
    """Sound on disk, ready for speech models: mono 16-bit PCM in a WAV file, at 16 kHz."""

    path: Path
    sample_rate: int
    starts_at_seconds: float = 0.0

    @classmethod
    def at(cls, path: Path, sound: Sound) -> "Audio":
        """Return the audio of the WAV file at a path."""
        return cls(
            path=path,
            sample_rate=SAMPLE_RATE,
            starts_at_seconds=sound.starts_at_seconds,
            duration_seconds=sound.duration_seconds,
            parties=sound.parties,
        )

    @property
    def sound(self) -> Sound:
        """What is the same on every machine."""
        return Sound(
            starts_at_seconds=self.starts_at_seconds,
            duration_seconds=self.duration_seconds,
            parties=self.parties,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A recognised word; `text` carries its punctuation and no surrounding space.

    `language` is an ISO 639-1 code, None for the transcript's.
    """

    start_seconds: float
    end_seconds: float
    text: str
    probability: float
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """Recognised words in order of time. `language` is an ISO 639-1 code, None without speech.

    `unwritten` are stretches in which speech was heard but no words were recognised.
    """

    language: str | None
    language_probability: float
    words: tuple[Word, ...]
    unwritten: tuple[TimeRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributedWord:
    """A word with its speaker. `confidence` (0 to 1) is of the attribution, not of the word."""

    word: Word
    speaker: str
    confidence: float
    overlap: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence (or the part of one) by a single speaker."""

    speaker: str
    words: tuple[AttributedWord, ...]

    @property
    def start_seconds(self) -> float:
        """Where its first word starts."""
        return self.words[0].word.start_seconds

    @property
    def end_seconds(self) -> float:
        """Where its last word ends."""
        return self.words[-1].word.end_seconds

    @property
    def language(self) -> str | None:
        """The language it begins in, None for the transcript's."""
        return self.words[0].word.language

    @property
    def text(self) -> str:
        """Its words as they are written one after another."""
        return joined(w.word.text for w in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A shot between two cuts; `index` counts from 0."""

    index: int
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A run of sentences about one topic."""

    start_seconds: float
    end_seconds: float
    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A published file; `sha256` is in hexadecimal.

    `folder` is the one below the job's results that it was written to, with its slash; empty for
    that of the manifest which lists the file.
    """

    name: str
    size_bytes: int
    sha256: str
    folder: str = ""
