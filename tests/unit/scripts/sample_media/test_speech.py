import numpy as np
import pytest

from scripts.sample_media.speech import SAMPLE_RATE, Clip, Samples, Span, joined, rttm, spoken


def voice(*stretches: tuple[float, float], seconds: float) -> Samples:
    """A buzz where somebody speaks, silence elsewhere."""
    samples = np.zeros(round(seconds * SAMPLE_RATE))
    for start, end in stretches:
        first, last = round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
        samples[first:last] = 0.2 * np.sign(np.sin(np.arange(last - first) / 20))
    return samples


def test_should_find_where_somebody_speaks() -> None:
    spans = spoken("any", voice((0.5, 1.5), (2.5, 3.0), seconds=4.0))
    assert [s.start for s in spans] == pytest.approx([0.45, 2.45], abs=0.03)
    assert [s.end for s in spans] == pytest.approx([1.55, 3.05], abs=0.03)


def test_should_not_end_speech_for_a_short_pause() -> None:
    assert len(spoken("any", voice((0.5, 1.5), (1.8, 3.0), seconds=4.0))) == 1


def test_should_place_clips_one_after_another_with_their_truth() -> None:
    first = Clip(samples=voice((0.2, 1.0), seconds=1.2), spans=(span("a", 0.2, 1.0),), text="One.")
    second = Clip(samples=voice((0.0, 1.0), seconds=1.0), spans=(span("b", 0.0, 1.0),), text=None)
    track = joined([first, second])
    assert [s.speaker for s in track.spans] == ["a", "b"]
    assert track.spans[0].start == pytest.approx(1.0)
    assert 0.35 <= track.spans[1].start - (0.8 + 1.2) <= 0.9
    assert [(turn.speaker, turn.text) for turn in track.turns] == [("a", "One.")]
    for placed in track.spans:
        middle = round((placed.start + placed.end) / 2 * SAMPLE_RATE)
        assert np.abs(track.samples[middle : middle + 100]).max() > 0.05


def test_should_make_the_same_track_again() -> None:
    clip = Clip(samples=voice((0.2, 1.0), seconds=1.2), spans=(span("a", 0.2, 1.0),), text="One.")
    np.testing.assert_array_equal(joined([clip]).samples, joined([clip]).samples)


def test_should_bring_clips_to_one_level() -> None:
    spans = (span("a", 0.0, 1.0),)
    loud = voice((0.0, 1.0), seconds=1.0)
    quiet = Clip(samples=loud / 8, spans=spans, text=None)
    track = joined([Clip(samples=loud, spans=spans, text=None), quiet])
    levels = []
    for placed in track.spans:
        part = track.samples[round(placed.start * SAMPLE_RATE) : round(placed.end * SAMPLE_RATE)]
        levels.append(float(np.sqrt(np.mean(part**2))))
    assert levels[0] == pytest.approx(levels[1], rel=0.01)


def test_should_write_rttm() -> None:
    line = "SPEAKER any 1 1.500 2.000 <NA> <NA> a <NA> <NA>\n"
    assert rttm("any", [span("a", 1.5, 3.5)]) == line


def span(speaker: str, start: float, end: float) -> Span:
    return Span(speaker=speaker, start=start, end=end)
