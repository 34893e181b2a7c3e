"""`transcript.txt` for people and `transcript.tsv` for spreadsheets."""

import csv
import io
from itertools import groupby

from runtime.core.word_spacing import joined
from runtime.results.job_result import JobResult
from runtime.results.render.text import clock


def transcript_text(result: JobResult) -> str:
    """Return a paragraph for each turn, headed by speaker and time."""
    paragraphs = []
    for speaker, group in groupby(result.sentences, key=lambda sentence: sentence.speaker):
        sentences = list(group)
        heading = f"{result.name_of(speaker)} [{clock(sentences[0].start_seconds)}]"
        paragraphs.append(f"{heading}\n{joined(sentence.text for sentence in sentences)}\n")
    return "\n".join(paragraphs)


def transcript_tsv(result: JobResult) -> str:
    """Return a header and a row for each sentence, separated by tabs."""
    out = io.StringIO()
    rows = csv.writer(out, "excel-tab", lineterminator="\n")
    rows.writerow(["start_seconds", "end_seconds", "speaker", "text"])
    rows.writerows(
        [
            f"{sentence.start_seconds:.3f}",
            f"{sentence.end_seconds:.3f}",
            sentence.speaker,
            _no_formula(sentence.text),
        ]
        for sentence in result.sentences
    )
    return out.getvalue()


def _no_formula(text: str) -> str:
    """Return the text so that a spreadsheet does not take it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
