"""A job's result without personal data: words, titles and summary, and the times of what went."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from runtime.core.media import AttributedWord, Sentence, TimeRange
from runtime.core.summary import Summary, SummaryItem
from runtime.redaction.detection import personal_data
from runtime.redaction.kinds import Kind, Span, placeholder, replaced
from runtime.results.job_result import Corrections, JobResult

MARGIN_SECONDS = 0.08
"""How much around a word is bleeped: recognised times are about that exact."""

CLOSING = ".,;:!?)”\"'…。、"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """The result to be rendered, the times to be bleeped, and how much of each kind there was."""

    result: JobResult
    times: tuple[TimeRange, ...]
    counts: dict[str, int]


def redacted(result: JobResult, *, names: Iterable[str] = ()) -> Redacted:
    """Return a result without personal data.

    Numbers are looked for across sentences and speakers, because a recogniser may end a sentence
    within one. Names are those that people gave.
    """
    words = [word for sentence in result.sentences for word in sentence.words]
    known = {*names, *result.corrections.names.values()}
    languages = [language for language, _ in result.languages]

    def found_in(text: str) -> list[Span]:
        return personal_data(text, languages=languages, names=known)

    text, starts = _joined(words)
    groups = [(_words_of(span, words, starts), span.kind) for span in found_in(text)]
    groups = [(indexes, kind) for indexes, kind in groups if indexes]
    parts = {
        part: kind
        for indexes, kind in groups
        for at in indexes
        for part in re.findall(r"\d{3,}", words[at].word.text)
    }

    def clean(text: str) -> str:
        # A title or a summary may quote a part of a number, which no check digit proves.
        whole = replaced(text, found_in(text))
        return re.sub(
            r"\d{3,}",
            lambda found: placeholder(parts[found[0]]) if found[0] in parts else found[0],
            whole,
        )

    heads = {indexes[0]: (indexes[-1], kind) for indexes, kind in groups}
    dropped = {at for indexes, _ in groups for at in indexes[1:]}
    at = 0
    chapters = []
    for chapter in result.chapters:
        sentences = []
        for sentence in chapter.sentences:
            kept = [
                _word(words, index, heads)
                for index in range(at, at + len(sentence.words))
                if index not in dropped
            ]
            at += len(sentence.words)
            # A sentence whose words all went stays, so that citations keep their indexes.
            sentences.append(replace(sentence, words=tuple(kept) or _emptied(sentence)))
        chapters.append(replace(chapter, title=clean(chapter.title), sentences=tuple(sentences)))
    return Redacted(
        result=replace(
            result,
            chapters=tuple(chapters),
            summary=_summary(result.summary, clean),
            corrections=Corrections(title=clean(result.title)),
            media_files=(),
        ),
        times=_times([(words[group[0]], words[group[-1]]) for group, _ in groups]),
        counts=dict(Counter(kind for _, kind in groups)),
    )


def _joined(words: Sequence[AttributedWord]) -> tuple[str, list[int]]:
    texts = [word.word.text for word in words]
    starts = accumulate((len(text) + 1 for text in texts), initial=0)
    return " ".join(texts), list(starts)[: len(texts)]


def _words_of(span: Span, words: Sequence[AttributedWord], starts: Sequence[int]) -> list[int]:
    return [
        at
        for at, start in enumerate(starts)
        if start < span.end and start + len(words[at].word.text) > span.start
    ]


def _word(
    words: Sequence[AttributedWord], at: int, heads: dict[int, tuple[int, Kind]]
) -> AttributedWord:
    word = words[at]
    if at not in heads:
        return word
    last, kind = heads[at]
    end = words[last].word
    closing = end.text[len(end.text.rstrip(CLOSING)) :]
    return replace(
        word,
        word=replace(
            word.word,
            text=placeholder(kind) + closing,
            end_seconds=max(word.word.end_seconds, end.end_seconds),
        ),
    )


def _emptied(sentence: Sentence) -> tuple[AttributedWord, ...]:
    first = sentence.words[0]
    return (replace(first, word=replace(first.word, text="…")),)


def _summary(summary: Summary, clean: Callable[[str], str]) -> Summary:
    def item(each: SummaryItem) -> SummaryItem:
        return replace(
            each,
            text=clean(each.text),
            owner=None if each.owner is None else clean(each.owner),
            due=None if each.due is None else clean(each.due),
        )

    return replace(
        summary,
        sections=tuple(
            replace(section, items=tuple(item(each) for each in section.items))
            for section in summary.sections
        ),
    )


def _times(ranges: Sequence[tuple[AttributedWord, AttributedWord]]) -> tuple[TimeRange, ...]:
    """Return the times to bleep, with their margins, in order and apart."""
    spans = sorted(
        (
            max(0.0, first.word.start_seconds - MARGIN_SECONDS),
            max(first.word.end_seconds, last.word.end_seconds) + MARGIN_SECONDS,
        )
        for first, last in ranges
    )
    found: list[tuple[float, float]] = []
    for start, end in spans:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(TimeRange(start_seconds=start, end_seconds=end) for start, end in found)
