"""Makes edits of a transcript that was edited elsewhere: its words keep their times and speakers.

Words that stay are not touched. A word that is written otherwise keeps its time; what is added
gets the time between its neighbours. Times and line breaks of the file are not read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from runtime.core.word_spacing import joined
from runtime.corrections import edits
from runtime.corrections.alignment import Block, Token, align, key_of, pair
from runtime.corrections.apply import LABEL, free_label
from runtime.corrections.captions import Format, Said, read_said
from runtime.corrections.document import Document, as_sentence, sentences_of
from runtime.corrections.edits import Edit, EditRefusedError

MAX_EDITS = 5_000
"""Edits of one import; a text that needs more is of another recording."""

SHARED_TOKENS = 2
"""Words that may share the time of one beside it; more are inserted after it."""


def import_edits(
    document: Document,
    content: bytes,
    form: Format,
    *,
    first_number: int,
    name_of: Callable[[str], str],
) -> list[Edit]:
    """Return the edits that make the document say what the file says.

    `first_number` is the number that the first of them will have in the journal; `name_of` returns
    the name of a speaker's label as the file was exported. Raises `EditRefusedError`.
    """
    text = key_of(joined(word.text for word in document.words))
    said = read_said(
        content,
        form,
        is_said=lambda line: key_of(line) in text,
        sentences=[as_sentence(words).text for words in sentences_of(document)],
    )
    if not document.words:
        raise EditRefusedError("edits.no_words", "The transcript has no words to be corrected.")
    plan = _Plan(document=document, number=first_number)
    found = align([word.text for word in document.words], said)
    for block in found.blocks:
        plan.write(block)
    for at, token in found.kept:
        plan.said.append((document.words[at].id, document.words[at].speaker, token.said))
    made = [*plan.edits, *_speakers(document, plan.said, name_of)]
    if len(made) > MAX_EDITS:
        raise EditRefusedError(
            "edits.too_many",
            f"The text differs in {len(made)} places; is it of another recording?",
        )
    return made


@dataclass(kw_only=True)
class _Plan:
    """The edits so far; `said` has the id, the speaker and the text of every word that stays."""

    document: Document
    number: int
    edits: list[Edit] = field(default_factory=list)
    said: list[tuple[str, str, Said]] = field(default_factory=list)

    def write(self, block: Block) -> None:
        """Write a block's tokens in place of its words."""
        words = self.document.words[block.start : block.end]
        tokens = list(block.tokens)
        if not words:
            if block.start:
                self._insert(block.start - 1, self.document.words[block.start - 1].id, tokens)
            else:
                self._before_all(tokens)
            return
        shares = _shares(pair([w.text for w in words], [t.text for t in tokens]), len(tokens))
        for at, word in enumerate(words):
            if at not in shares:
                self._add(edits.DeleteWord(word=word.id))
                continue
            own = [tokens[n] for n in shares[at]]
            # The paired one keeps the word's place; of a longer stretch the rest comes after it.
            kept = own[: 1 + SHARED_TOKENS]
            if [token.text for token in kept] != [word.text]:
                number = self._add(
                    edits.ChangeWord(word=word.id, text=_text(token.text for token in kept))
                )
                ids = [word.id, *(f"{number}.{n}" for n in range(len(kept) - 1))]
            else:
                ids = [word.id]
            self._say(ids, block.start + at, kept)
            self._insert(block.start + at, ids[-1], own[len(kept) :])

    def _before_all(self, tokens: Sequence[Token]) -> None:
        """Write tokens before the first word, in its time: there is nothing to insert after."""
        first = self.document.words[0]
        texts = [*(token.text for token in tokens), first.text]
        number = self._add(edits.ChangeWord(word=first.id, text=_text(texts)))
        self._say([first.id, *(f"{number}.{n}" for n in range(len(tokens) - 1))], 0, tokens)

    def _insert(self, at: int, after: str, tokens: Sequence[Token]) -> None:
        for chunk in _chunks(tokens):
            number = self._add(
                edits.InsertWords(after=after, text=_text(token.text for token in chunk))
            )
            ids = [f"{number}.{n}" for n in range(len(chunk))]
            self._say(ids, at, chunk)
            after = ids[-1]

    def _say(self, ids: Iterable[str], at: int, tokens: Iterable[Token]) -> None:
        speaker = self.document.words[at].speaker
        self.said += [(word, speaker, token.said) for word, token in zip(ids, tokens, strict=True)]

    def _add(self, edit: Edit) -> int:
        self.edits.append(edit)
        return self.number + len(self.edits) - 1


def _shares(pairs: Sequence[tuple[int, int]], count: int) -> dict[int, range]:
    """Give each paired word its token and those up to the next one's.

    The first also gets those before its own.
    """
    ends = [*(token for _, token in pairs[1:]), count][: len(pairs)]
    return {
        word: range(0 if n == 0 else token, end)
        for n, ((word, token), end) in enumerate(zip(pairs, ends, strict=True))
    }


def _chunks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    chunk: list[Token] = []
    for token in tokens:
        longer = sum(len(each.text) + 1 for each in chunk) + len(token.text)
        if chunk and (len(chunk) == edits.MAX_WORDS or longer > edits.MAX_TEXT):
            yield chunk
            chunk = []
        chunk.append(token)
    if chunk:
        yield chunk


def _text(texts: Iterable[str]) -> str:
    text = " ".join(texts)
    if len(text) > edits.MAX_TEXT:
        raise EditRefusedError("edits.too_long", f"A word has at most {edits.MAX_TEXT} characters.")
    return text


def _speakers(
    document: Document, said: Sequence[tuple[str, str, Said]], name_of: Callable[[str], str]
) -> Iterator[Edit]:
    """Yield what the file says of speakers: new names, and words of other speakers."""
    labels, renamed, added = _labels(document, said, name_of)
    yield from renamed
    others: dict[str, list[str]] = {}
    for word, speaker, each in said:
        wanted = _wanted(speaker, each, labels, name_of)
        if wanted != speaker:
            others.setdefault(wanted, []).append(word)
    for label, words in others.items():
        for at in range(0, len(words), edits.MAX_WORDS):
            yield edits.ReassignWords(words=tuple(words[at : at + edits.MAX_WORDS]), speaker=label)
    yield from added


def _labels(
    document: Document, said: Sequence[tuple[str, str, Said]], name_of: Callable[[str], str]
) -> tuple[dict[str, str], list[Edit], list[Edit]]:
    """Return the label of each name; the new names of speakers, and those of new speakers.

    A name that is not known is the new one of the speaker who said most of it, if the old one is
    gone from the file; else it is of someone new.
    """
    labels = {key_of(name_of(label)): label for label in reversed(document.speakers)}
    own: dict[str, Counter[str]] = {}
    names: dict[str, str] = {}
    for _, speaker, each in said:
        if each.name:
            names.setdefault(key_of(each.name), each.name)
            own.setdefault(key_of(each.name), Counter())[speaker] += 1
    taken, renamed, added = {*document.speakers}, dict[str, Edit](), list[Edit]()
    for key in [key for key in own if key not in labels]:
        label, _ = own[key].most_common(1)[0]
        if key_of(name_of(label)) in own or label in renamed:
            label = free_label(taken)
            taken.add(label)
            added.append(edits.RenameSpeaker(speaker=label, name=names[key]))
        else:
            renamed[label] = edits.RenameSpeaker(speaker=label, name=names[key])
        labels[key] = label
    return labels, list(renamed.values()), added


def _wanted(speaker: str, said: Said, labels: dict[str, str], name_of: Callable[[str], str]) -> str:
    """Return the label of a word's speaker as the file says."""
    if said.label is not None:
        if LABEL.fullmatch(said.label) is None:
            raise EditRefusedError(
                "edits.bad_speaker", f"{said.label!r:.40} is no speaker's label."
            )
        return said.label
    if not said.name or key_of(said.name) == key_of(name_of(speaker)):
        return speaker
    return labels[key_of(said.name)]
