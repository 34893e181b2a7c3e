"""The corrected result: the machine's findings with a person's document laid over them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from runtime.core.media import Chapter
from runtime.core.summary import Citation, Summary, SummaryItem
from runtime.corrections.document import Document, EditableWord, as_sentence, sentences_of
from runtime.results.job_result import Corrections, JobResult
from runtime.results.warnings import SUMMARY_BEFORE_CORRECTIONS, in_result_order

Sentences = Sequence[tuple[EditableWord, ...]]


def corrected(found: JobResult, document: Document) -> JobResult:
    """Return the result to be rendered; without edits it is the result that was found."""
    sentences = sentences_of(document)
    chapters = tuple(
        Chapter(
            start_seconds=chapter.start_seconds,
            end_seconds=chapter.end_seconds,
            title=document.chapter_titles[index],
            sentences=tuple(as_sentence(words) for words in sentences if words[0].chapter == index),
        )
        for index, chapter in enumerate(found.chapters)
    )
    summary, is_older = _summary(found, document, sentences)
    warnings = (*found.warnings, *((SUMMARY_BEFORE_CORRECTIONS,) if is_older else ()))
    return replace(
        found,
        turns=document.turns,
        chapters=chapters,
        summary=summary,
        warnings=in_result_order(warnings) if is_older else found.warnings,
        corrections=Corrections(
            names=document.names,
            title=document.title,
            words=frozenset(at for at, word in enumerate(document.words) if word.edited),
        ),
    )


def _summary(found: JobResult, document: Document, sentences: Sentences) -> tuple[Summary, bool]:
    """Return the summary with citations of today's sentences, and whether some have changed."""
    original = _original(found)
    place = {word.id: at for at, words in enumerate(sentences) for word in words}
    is_older = False
    sections = []
    for s, section in enumerate(found.summary.sections):
        items = []
        for i, item in enumerate(section.items):
            text = document.summary.get((s, i), item.text)
            moved = _moved(item, original, place, sentences)
            if text is None or not moved.citations:
                continue
            if (s, i) in document.summary:
                moved = replace(moved, text=text, quoted=False)
            elif not item.quoted:
                is_older = is_older or _changed(item, original, place, sentences, found)
            items.append(moved)
        if items:
            sections.append(replace(section, items=tuple(items)))
    return replace(found.summary, sections=tuple(sections)), is_older


def _original(found: JobResult) -> list[tuple[int, int]]:
    """Return the first and the last word of each sentence as found."""
    ends = accumulate((len(sentence.words) for sentence in found.sentences), initial=0)
    return list(pairwise(ends))


def _cited(
    segment: int, original: Sequence[tuple[int, int]], place: Mapping[str, int]
) -> int | None:
    """Return the sentence that holds the first word left of a cited one."""
    if segment >= len(original):
        return None
    words = range(*original[segment])
    return next((place[str(at)] for at in words if str(at) in place), None)


def _moved(
    item: SummaryItem,
    original: Sequence[tuple[int, int]],
    place: Mapping[str, int],
    sentences: Sentences,
) -> SummaryItem:
    citations: list[Citation] = []
    for citation in item.citations:
        at = _cited(citation.segment, original, place)
        if at is None:
            continue
        words = sentences[at]
        citations.append(
            Citation(
                segment=at,
                start_seconds=words[0].start_seconds,
                end_seconds=words[-1].end_seconds,
                speaker=words[0].speaker,
            )
        )
    kept = tuple(citations)
    if item.quoted and len(kept) == 1 and len(item.citations) == 1:
        return replace(
            item, citations=kept, text=_requoted(item, original, sentences[kept[0].segment])
        )
    return replace(item, citations=kept)


def _requoted(
    item: SummaryItem, original: Sequence[tuple[int, int]], words: tuple[EditableWord, ...]
) -> str:
    """Return a quotation of a whole sentence in today's words."""
    first, last = original[item.first.segment]
    untouched = [str(at) for at in range(first, last)] == [word.id for word in words]
    if untouched and not any(word.edited for word in words):
        return item.text
    return as_sentence(words).text


def _changed(
    item: SummaryItem,
    original: Sequence[tuple[int, int]],
    place: Mapping[str, int],
    sentences: Sentences,
    found: JobResult,
) -> bool:
    for citation in item.citations:
        at = _cited(citation.segment, original, place)
        if at is None or as_sentence(sentences[at]).text != found.sentences[citation.segment].text:
            return True
    return False
