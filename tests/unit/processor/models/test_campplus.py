from pathlib import Path

import pytest

pytestmark = pytest.mark.models


@pytest.fixture(autouse=True)
def _imported_quietly() -> None:
    """pyannote warns while it is imported of decoders that are not needed; this module knows."""
    import runtime.processor.models.diarization  # noqa: F401


@pytest.mark.parametrize("frames", [20, 199, 200, 201, 640])
def test_should_compute_folded_what_the_published_network_computes(frames: int) -> None:
    """Random weights and statistics: nothing may hide behind a scale of 1 or a shift of 0."""
    import torch

    from runtime.processor.models.campplus import CampPlus
    from runtime.processor.models.campplus_folded import FoldedCampPlus

    torch.manual_seed(frames)
    network = CampPlus().eval()
    with torch.inference_mode():
        for module in network.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                assert module.running_mean is not None
                assert module.running_var is not None
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2.0)
                if module.affine:
                    module.weight.uniform_(0.5, 1.5)
                    module.bias.normal_()
        features = torch.randn(1, 80, frames)
        expected = network(features)
        found = FoldedCampPlus(network)(features)
    scale = float(expected.abs().max())
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5 * scale)


def test_should_load_the_folded_network(models: Path) -> None:
    from runtime.processor.models.campplus import load_campplus
    from runtime.processor.models.campplus_folded import FoldedCampPlus

    weights = models / "diarization" / "embedding" / "campplus_cn_en_common.pt"
    assert isinstance(load_campplus(weights).network, FoldedCampPlus)
