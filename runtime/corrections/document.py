"""A result as a person edits it: one list of words, each of which knows who wrote it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from runtime.core.media import AttributedWord, Sentence, Turn, Word
from runtime.results.job_result import JobResult


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableWord:
    """A word with an id that stays: the index of a found word, or `<edit>.<n>` of an inserted one.

    `first`: whether a sentence begins with it. `edited`: whether a person wrote it. `chapter` is
    the index of its chapter.
    """

    id: str
    found: AttributedWord
    chapter: int
    first: bool
    edited: bool = False

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
    def speaker(self) -> str:
        """The label of its speaker."""
        return self.found.speaker

    def spoken_by(self, label: str) -> "EditableWord":
        """Return the word of another speaker, by a person's word."""
        return replace(self, found=replace(self.found, speaker=label, confidence=1.0))

    def written(self, text: str, start_seconds: float, end_seconds: float) -> "EditableWord":
        """Return the word as a person writes it."""
        word = replace(
            self.found.word,
            text=text,
            start_seconds=start_seconds,
            end_seconds=end_seconds,
            probability=1.0,
        )
        return replace(self, found=replace(self.found, word=word), edited=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What can be edited. `summary` has new texts by (section, item), None for a removed one."""

    words: tuple[EditableWord, ...]
    turns: tuple[Turn, ...]
    chapter_titles: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    summary: Mapping[tuple[int, int], str | None] = field(default_factory=dict)

    @property
    def speakers(self) -> tuple[str, ...]:
        """The labels of all who speak."""
        labels = {word.speaker for word in self.words} | {turn.speaker for turn in self.turns}
        return tuple(sorted(labels))

    def position(self, word_id: str) -> int | None:
        """Return where a word is, None where it is gone."""
        return next((at for at, word in enumerate(self.words) if word.id == word_id), None)


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
    beside: EditableWord, *, word_id: str, text: str, start_seconds: float, end_seconds: float
) -> EditableWord:
    """Return a word that a person inserts in the sentence of another."""
    word = Word(
        start_seconds=start_seconds,
        end_seconds=end_seconds,
        text=text,
        probability=1.0,
        language=beside.found.word.language,
    )
    found = AttributedWord(word=word, speaker=beside.speaker, confidence=1.0, overlap=False)
    return EditableWord(id=word_id, found=found, chapter=beside.chapter, first=False, edited=True)
