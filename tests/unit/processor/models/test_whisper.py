from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.core.contract import Device
from runtime.processor.models.whisper import Engine, SamplingRecorder, load_whisper
from tests.unit.processor.conftest import THREADS

ENGINE = Engine(device=Device.CPU, threads=THREADS)
RANDOM = {"beam_size": 1, "sampling_topk": 0, "sampling_temperature": 1.0}

MOST_TOKENS = 24


class Answering:
    """A model that answers with what it was asked."""

    is_multilingual = True

    def generate(self, *inputs: Any, **options: Any) -> tuple[Any, ...]:
        return (*inputs, options)


def test_should_note_that_a_model_draws_at_random() -> None:
    noting = SamplingRecorder(Answering())

    assert noting.generate("sound", beam_size=5) == ("sound", {"beam_size": 5})
    assert not noting.has_sampled
    noting.generate("sound", sampling_temperature=0.2)
    noting.generate("sound", beam_size=5)
    assert noting.has_sampled


def test_should_pass_on_whatever_else_a_model_is_asked() -> None:
    assert SamplingRecorder(Answering()).is_multilingual


@pytest.mark.models
def test_should_be_kept_until_it_has_drawn_at_random(models: Path) -> None:
    first = load_whisper(models / "whisper-tiny.en", ENGINE)
    draw(first, beam_size=5)
    assert load_whisper(models / "whisper-tiny.en", ENGINE) is first
    draw(first, **RANDOM)
    assert load_whisper(models / "whisper-tiny.en", ENGINE) is not first


@pytest.mark.models
def test_should_draw_the_same_whatever_it_was_used_for_before(models: Path) -> None:
    fresh = draw(load_whisper(models / "whisper-tiny.en", ENGINE), **RANDOM)
    used = load_whisper(models / "whisper-tiny.en", ENGINE)
    for _ in range(3):
        draw(used, beam_size=5)
    again = load_whisper(models / "whisper-tiny.en", ENGINE)

    assert again is used
    assert draw(again, **RANDOM) == fresh
    # Without a new model the next draw is another one: what is guarded against does happen.
    assert draw(again, **RANDOM) != fresh


def draw(whisper: Any, **options: Any) -> list[int]:
    """Return the first tokens heard in a second of noise."""
    noise = np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
    features = whisper.encode(whisper.feature_extractor(noise, padding=3000)[:, :3000])
    prompt = [whisper.hf_tokenizer.token_to_id("<|startoftranscript|>")]
    (answer,) = whisper.model.generate(features, [prompt], max_length=MOST_TOKENS, **options)
    tokens: list[int] = answer.sequences_ids[0]
    return tokens
