import numpy as np
import pytest

from runtime.processor.models.filter_banks import FRAME_SAMPLES, HOP_SAMPLES, filter_banks


@pytest.mark.models
@pytest.mark.parametrize("window", ["povey", "hamming"])
@pytest.mark.parametrize("frames", [1, 20, 3000])
def test_should_compute_what_kaldi_computes(window: str, frames: int) -> None:
    import torch
    from torchaudio.compliance import kaldi

    chance = np.random.default_rng(frames)
    count = FRAME_SAMPLES + (frames - 1) * HOP_SAMPLES + 7
    samples = (0.1 * chance.normal(size=count)).astype(np.float32)
    expected = kaldi.fbank(
        torch.from_numpy(samples)[None] * 32768,
        num_mel_bins=80,
        dither=0.0,
        sample_frequency=16_000,
        window_type=window,
    )
    found = filter_banks(samples, window)
    assert found.shape == (frames, 80)
    np.testing.assert_allclose(found, expected.numpy(), rtol=0, atol=2e-3)


def test_should_have_no_frames_of_less_than_one() -> None:
    assert filter_banks(np.zeros(FRAME_SAMPLES - 1, dtype=np.float32), "povey").shape == (0, 80)
