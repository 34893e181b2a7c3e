"""Packs in batches: as faster-whisper decodes each alone, in rounds, with the same fallbacks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.core.contract import Device
from runtime.core.media import MediaInfo
from runtime.processor.models.whisper import Engine, GenerateAhead, load_whisper
from runtime.processor.models.whisper_batches import BatchDecoder, Pack
from runtime.processor.stages.audio import extract_audio
from tests.unit.processor.conftest import THREADS
from tests.unit.processor.stages.filming import samples_of


class Numbers:
    """A model that answers each encoder output with its number, and counts the batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def generate(self, encoded: Any, prompts: list[list[int]], **_: Any) -> list[tuple[int, int]]:
        self.batches.append(len(prompts))
        outputs = np.array(encoded)[:, 0, 0]
        return [(int(n), prompt[0]) for n, prompt in zip(outputs, prompts, strict=True)]


def output(number: int) -> Any:
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.full((1, 2, 3), number, dtype=np.float32))


def test_should_generate_all_expected_outputs_at_the_first_request() -> None:
    numbers = Numbers()
    model, outputs = GenerateAhead(numbers), [output(n) for n in (1, 2, 3)]
    model.expect([(made, [10]) for made in outputs])

    assert model.generate(outputs[1], [[10]], beam_size=5) == [(2, 10)]
    assert model.generate(outputs[0], [[10]], beam_size=5) == [(1, 10)]
    assert numbers.batches == [3]


def test_should_generate_alone_what_is_drawn_at_random_or_not_expected() -> None:
    numbers = Numbers()
    model, outputs = GenerateAhead(numbers), [output(n) for n in (1, 2)]
    model.expect([(made, [10]) for made in outputs])

    assert model.generate(outputs[0], [[10]], sampling_temperature=0.4) == [(1, 10)]
    assert model.generate(outputs[0], [[11]], beam_size=5) == [(1, 11)]
    assert model.generate(output(7), [[10]], beam_size=5) == [(7, 10)]
    assert numbers.batches == [1, 1, 1]


@pytest.mark.models
def test_should_decode_as_faster_whisper_does(
    models: Path, sample: Path, sample_info: MediaInfo, tmp_path: Path
) -> None:
    model = load_whisper(models / "whisper-tiny.en", Engine(device=Device.CPU, threads=THREADS))
    sound = extract_audio(sample, sample_info, tmp_path / "sample.wav", lambda _: None)
    samples, rate = samples_of(sound).astype(np.float32), sound.sample_rate
    packs = [
        Pack(samples=samples[round(start * rate) : round(end * rate)], language="en")
        for start, end in ((0, 20), (20, 28), (31, 43))
    ]
    shares: list[float] = []

    batched = BatchDecoder(model, vocabulary=("Kennedy",), beam_size=5).decode(packs, shares.append)

    for pack, segments in zip(packs, batched, strict=True):
        alone, _ = model.transcribe(
            pack.samples,
            language="en",
            temperature=(0.0, 0.4, 0.8),
            word_timestamps=True,
            condition_on_previous_text=False,
            hotwords="Kennedy",
        )
        expected = list(alone)
        assert [s.text for s in segments] == [s.text for s in expected]
        assert [w.end for s in segments for w in s.words] == pytest.approx(
            [w.end for s in expected for w in s.words], abs=0.04
        )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
