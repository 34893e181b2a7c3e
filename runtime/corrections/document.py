"""A result as a person edits it: one list of words, each of which knows who wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from runtime.core.media import AttributedWord, Sentence, Turn, Word
from runtime.results.job_result import JobResult


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableWord:
    """A word with an id that stays: the index of a found word, or `<edit>.<n>` of an inserted one.

    `first`: whether a sentence begins with it. `chapter` is the index of its chapter. `author` is
    who wrote it and `speaker_author` who said whose it is; None for the machine.
    """

    id: str
    found: AttributedWord
    chapter: int
    first: bool
    author: str | None = None
    speaker_author: str | None = None

    @property
    def edited(self) -> bool:
        """Whether a person wrote it."""
        return self.author is not None

    @property
    def text(self) -> str:
        """As it is written."""
        return self.found.word.text

    @property
    def start_seconds(self) -> float:
        """When it begins."""
        return self.found.word.start_seconds

    @property
    def end_seconds(self) -> float:
        """When it ends."""
        return self.found.word.end_seconds

    @property
    def probability(self) -> float:
        """How likely the recogniser found it, to three places."""
        return round(self.found.word.probability, 3)

    @property
    def speaker(self) -> str:
        """The label of its speaker."""
        return self.found.speaker

    def spoken_by(self, label: str, author: str) -> "EditableWord":
        """Return the word of another speaker, as `author` says."""
        found = replace(self.found, speaker=label, confidence=1.0)
        return replace(self, found=found, speaker_author=author)

    def written(
        self, text: str, start_seconds: float, end_seconds: float, author: str
    ) -> "EditableWord":
        """Return the word as `author` writes it."""
        word = replace(
            self.found.word,
            text=text,
            start_seconds=start_seconds,
            end_seconds=end_seconds,
            probability=1.0,
        )
        return replace(self, found=replace(self.found, word=word), author=author)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What can be edited. `summary` has new texts by (section, item), None for a removed one.

    `summary_items` are the numbers of items that each section was found with.
    """

    words: tuple[EditableWord, ...]
    turns: tuple[Turn, ...]
    chapter_titles: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    summary: Mapping[tuple[int, int], str | None] = field(default_factory=dict)
    summary_items: tuple[int, ...] = ()

    @property
    def speakers(self) -> tuple[str, ...]:
        """The labels of all who speak."""
        labels = {word.speaker for word in self.words} | {turn.speaker for turn in self.turns}
        return tuple(sorted(labels))

    def position(self, word_id: str) -> int | None:
        """Return where a word is, None where it is gone.

        A found word is near its index, however long the recording.
        """
        words, last = self.words, len(self.words) - 1
        near = min(int(word_id), last) if word_id.isdecimal() else 0
        for distance in range(max(near, last - near) + 1):
            if near + distance <= last and words[near + distance].id == word_id:
                return near + distance
            if near >= distance and words[near - distance].id == word_id:
                return near - distance
        return None


def document_of(result: JobResult) -> Document:
    """Return a result as it was found, to be edited."""
    words: list[EditableWord] = []
    for index, chapter in enumerate(result.chapters):
        for sentence in chapter.sentences:
            for place, found in enumerate(sentence.words):
                words.append(
                    EditableWord(id=str(len(words)), found=found, chapter=index, first=place == 0)
                )
    return Document(
        words=tuple(words),
        turns=result.turns,
        chapter_titles=tuple(chapter.title for chapter in result.chapters),
        summary_items=tuple(len(section.items) for section in result.summary.sections),
    )


def sentences_of(document: Document) -> tuple[tuple[EditableWord, ...], ...]:
    """Return the words by sentence: of one chapter and by one speaker each."""
    sentences: list[list[EditableWord]] = []
    for word in document.words:
        last = sentences[-1][-1] if sentences else None
        if (
            last is None
            or word.first
            or (word.chapter, word.speaker) != (last.chapter, last.speaker)
        ):
            sentences.append([])
        sentences[-1].append(word)
    return tuple(tuple(sentence) for sentence in sentences)


def as_sentence(words: tuple[EditableWord, ...]) -> Sentence:
    """Return a sentence of the transcript."""
    return Sentence(speaker=words[0].speaker, words=tuple(word.found for word in words))


def new_word(
    beside: EditableWord, *, word_id: str, text: str, span: tuple[float, float], author: str
) -> EditableWord:
    """Return a word that a person inserts in the sentence of another; `span` are start and end."""
    word = Word(
        start_seconds=span[0],
        end_seconds=span[1],
        text=text,
        probability=1.0,
        language=beside.found.word.language,
    )
    found = AttributedWord(word=word, speaker=beside.speaker, confidence=1.0, overlap=False)
    return EditableWord(id=word_id, found=found, chapter=beside.chapter, first=False, author=author)
