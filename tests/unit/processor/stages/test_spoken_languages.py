"""Where a recording changes its language, by chunks whose level identifies the language."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.processor.stages.spoken_languages import (
    LanguageRun,
    language_runs,
    likeliest_sequence,
    most_probable,
)
from runtime.processor.stages.windows import SpeechSpans

RATE = 100
SURE = {"en": {"en": 0.99, "fr": 0.001}, "fr": {"fr": 0.99, "en": 0.001}}
LEVELS = {1: "en", 2: "fr"}


def detect(samples: NDArray[np.float32]) -> dict[str, float]:
    """The share of the samples that have each language's level."""
    levels = np.round(samples).astype(int)
    return {code: float((levels == level).mean()) for level, code in LEVELS.items()}


def runs(*parts: tuple[int, float], pause: float = 0.4) -> list[LanguageRun]:
    """Speech of a level for some seconds each, in one span, with short pauses between."""
    samples: list[float] = []
    for level, seconds in parts:
        samples += [float(level)] * round(seconds * RATE) + [0.01] * round(pause * RATE)
    span = (0.0, len(samples) / RATE - pause)
    speech = SpeechSpans((span,), RATE)
    return language_runs(np.array(samples, np.float32), speech, detect, languages=(), before=None)


def found(*parts: tuple[int, float]) -> list[tuple[str, float, float]]:
    return [
        (run.language, round(run.speech.spans[0][0], 1), round(run.speech.spans[-1][1], 1))
        for run in runs(*parts)
    ]


def test_should_keep_a_recording_in_one_language_whole() -> None:
    (run,) = runs((1, 40.0))
    assert run.language == "en"
    assert run.speech.spans == ((0.0, 40.0),)


@pytest.mark.parametrize("first", [4.0, 5.3, 9.0, 27.5])
def test_should_divide_at_the_pause_where_the_language_changes(first: float) -> None:
    (one, _, end), (other, start, last) = found((1, first), (2, 12.0))
    assert (one, other, end) == ("en", "fr", start)
    assert first <= start <= first + 0.4
    assert last == round(first + 12.4, 1)


def test_should_follow_questions_and_answers() -> None:
    languages = [code for code, _, _ in found((1, 6.0), (2, 8.0), (1, 5.0), (2, 7.0))]
    assert languages == ["en", "fr", "en", "fr"]


@pytest.mark.parametrize(
    ("chunks", "before", "expected"),
    [
        (["en", "en"], None, ["en", "en"]),
        (["en", "fr", "en"], None, ["en", "fr", "en"]),
        ([{"fr": 0.5, "en": 0.3}, "en"], None, ["en", "en"]),
        (["en", {"fr": 0.8, "en": 0.1}, "en"], None, ["en", "en", "en"]),
        ([{"fr": 0.6, "en": 0.3}], "en", ["en"]),
        (["fr"], "en", ["fr"]),
        (["en", {"la": 0.99, "en": 0.001}, "en"], None, ["en", "en", "en"]),
        ([{"la": 0.99, "en": 0.001}] * 3, None, ["la", "la", "la"]),
    ],
)
def test_should_change_the_language_only_for_evidence(
    chunks: list[str | Mapping[str, float]], before: str | None, expected: list[str]
) -> None:
    evidence = [SURE[chunk] if isinstance(chunk, str) else chunk for chunk in chunks]
    assert likeliest_sequence(evidence, [4.0] * len(chunks), before) == expected


def test_should_believe_a_short_remark_less() -> None:
    evidence = [SURE["en"], SURE["fr"], SURE["en"]]
    assert likeliest_sequence(evidence, [4.0, 0.8, 4.0], None) == ["en", "en", "en"]


def test_should_choose_among_the_languages_that_are_given() -> None:
    heard = {"nl": 0.7, "de": 0.2, "en": 0.1}
    assert most_probable(heard, ()) == heard
    assert most_probable(heard, ("de", "en")) == pytest.approx({"de": 2 / 3, "en": 1 / 3})
    assert most_probable({}, ("de", "en")) == {"de": 0.5, "en": 0.5}
