"""The result of a finished job, which every published file is rendered from."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from runtime.core.contract import Stage
from runtime.core.jobs import Source
from runtime.core.media import (
    UNKNOWN_SPEAKER,
    Chapter,
    MediaInfo,
    PublishedFile,
    Scene,
    Sentence,
    Turn,
)
from runtime.core.summary import Summary
from runtime.results.speaker_interruptions import SpeakerInterruption, find_interruptions
from runtime.results.warnings import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One voice of the video. `name` is for people, `label` for programs."""

    label: str
    name: str
    talk_time_seconds: float
    word_count: int
    interruption_count: int
    interrupted_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What people said of a result beside its words: the names of speakers by label, the title.

    `words` are the indexes of words that a person wrote.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    words: frozenset[int] = frozenset()


NO_CORRECTIONS = Corrections()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """All findings about one video. `duration_seconds` is that of the decoded media.

    `media_files` are the pictures and sound made of it, already published.
    """

    source: Source
    media: MediaInfo
    duration_seconds: float
    language: str | None
    turns: tuple[Turn, ...]
    chapters: tuple[Chapter, ...]
    summary: Summary
    scenes: tuple[Scene, ...]
    warnings: tuple[ResultWarning, ...]
    models: Mapping[Stage, str]
    media_files: tuple[PublishedFile, ...]
    corrections: Corrections = NO_CORRECTIONS

    @property
    def title(self) -> str:
        """The title that a person gave, else the upload's file name without its suffix."""
        return self.corrections.title or PurePosixPath(self.source.key).stem

    def name_of(self, label: str) -> str:
        """Return the name of a speaker's label that a person gave, else one made of the label."""
        return self.corrections.names.get(label) or speaker_name(label)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All that was said, in order of time."""
        return tuple(sentence for chapter in self.chapters for sentence in chapter.sentences)

    @property
    def languages(self) -> tuple[tuple[str, int], ...]:
        """The languages that were spoken and their words, most words first."""
        words: Counter[str] = Counter()
        for sentence in self.sentences:
            if language := sentence.language or self.language:
                words[language] += len(sentence.words)
        return tuple(sorted(words.items(), key=lambda item: (-item[1], item[0])))

    @property
    def interruptions(self) -> tuple[SpeakerInterruption, ...]:
        """Where one speaker interrupted another, in order of time."""
        return find_interruptions(self.turns)

    def has_file(self, name: str) -> bool:
        """Return whether a picture or sound of this name was made."""
        return any(file.name == name for file in self.media_files)

    @property
    def speakers(self) -> tuple[Speaker, ...]:
        """Everyone who speaks, by label; talk time counts overlapped speech for each."""
        seconds: defaultdict[str, float] = defaultdict(float)
        for turn in self.turns:
            seconds[turn.speaker] += turn.end_seconds - turn.start_seconds
        words: Counter[str] = Counter()
        for sentence in self.sentences:
            words[sentence.speaker] += len(sentence.words)
        by = Counter(interruption.by for interruption in self.interruptions)
        of = Counter(interruption.of for interruption in self.interruptions)
        return tuple(
            Speaker(
                label=label,
                name=self.name_of(label),
                talk_time_seconds=seconds.get(label, 0.0),
                word_count=words[label],
                interruption_count=by[label],
                interrupted_count=of[label],
            )
            for label in sorted(seconds.keys() | words.keys())
        )


def speaker_name(label: str) -> str:
    """Return a label as people read it: `SPEAKER_00` is "Speaker 1"."""
    if label == UNKNOWN_SPEAKER:
        return "Unknown speaker"
    prefix, _, number = label.rpartition("_")
    return f"{prefix.capitalize()} {int(number) + 1}" if prefix and number.isdigit() else label
