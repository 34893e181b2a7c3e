"""`transcript.json`: every word and sentence with its time and speaker."""

from typing import Any

from runtime.results.job_result import JobResult
from runtime.results.render.text import seconds

SCHEMA_VERSION = "1.1"


def transcript_document(result: JobResult) -> dict[str, Any]:
    """Return the document. `first_word` and `word_count` point from a sentence into `words`."""
    words: list[dict[str, Any]] = []
    sentences: list[dict[str, Any]] = []
    for sentence in result.sentences:
        sentences.append(
            {
                "text": sentence.text,
                "start_seconds": seconds(sentence.start_seconds),
                "end_seconds": seconds(sentence.end_seconds),
                "speaker": sentence.speaker,
                "language": sentence.language or result.language,
                "first_word": len(words),
                "word_count": len(sentence.words),
            }
        )
        words += [
            {
                **({"edited": True} if at in result.corrections.words else {}),
                "text": attributed.word.text,
                "start_seconds": seconds(attributed.word.start_seconds),
                "end_seconds": seconds(attributed.word.end_seconds),
                "probability": round(attributed.word.probability, 3),
                "speaker": attributed.speaker,
                "speaker_confidence": round(attributed.confidence, 3),
                "overlap": attributed.overlap,
            }
            for at, attributed in enumerate(sentence.words, start=len(words))
        ]
    return {
        "schema_version": SCHEMA_VERSION,
        "job_id": result.source.job_id,
        "language": result.language,
        "words": words,
        "sentences": sentences,
    }
