"""The networks of a diarization pipeline up to their pooling, as ONNX graphs."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from runtime.processor.models.onnx_session import open_session
from runtime.processor.models.speaker_frames import context_of

_OPSET = 17
_TOLERANCE = 1e-3
"""How far an exported network's outputs may be from its own, relative to the largest of them."""

Inputs = dict[str, Tensor]


class DifferentError(Exception):
    """An exported network computes something else than the one it was made of."""


def export(
    network: nn.Module,
    path: Path,
    example: Inputs,
    dynamic: dict[str, dict[int, str]],
    *,
    again: Callable[[], Inputs],
) -> None:
    """Write a network with one output; raise `DifferentError` if it computes something else.

    It is compared on the inputs of `again`, whose free dimensions differ from the example's.
    """
    network.eval()
    outputs = [name for name in dynamic if name not in example]
    with warnings.catch_warnings():
        # The exporter built on torch.export needs packages that this one does without.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            tuple(example.values()),
            str(path),
            input_names=list(example),
            output_names=outputs,
            dynamic_axes=dynamic,
            opset_version=_OPSET,
            dynamo=False,
        )
    given = again()
    with torch.inference_mode():
        expected = network(*given.values()).numpy()
    arrays = {name: value.numpy() for name, value in given.items()}
    (found,) = open_session(path).run(None, arrays)
    apart = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not apart <= _TOLERANCE:
        raise DifferentError(f"{path.name} differs from its network by {apart:.1e}.")


def noise(*shape: int) -> Tensor:
    """Return the same random numbers for the same shape."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


class SegmentationScores(nn.Module):
    """Waveforms (windows, 1, samples) to scores (windows, frames, classes)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, waveforms: Tensor) -> Tensor:
        """Score each frame."""
        scores: Tensor = self.network(waveforms)
        return scores


class CampPlusFrames(nn.Module):
    """A speaker's filter banks (frames, 80) to features (frames / 2, 512), before the pooling.

    What depends on the number of frames alone is given: `averages` over each stretch of the context
    and over all, and the `stretch` of each frame.
    """

    def __init__(self, folded: Any) -> None:
        super().__init__()
        self.folded = folded

    def forward(self, features: Tensor, averages: Tensor, stretch: Tensor) -> Tensor:
        """Compute the features."""
        network = self.folded
        x = torch.relu(network._opening(features.T[None, None]))
        for residual in network._residuals:
            inner = residual.second(torch.relu(residual.first(x)))
            x = torch.relu(inner + residual.shortcut(x))
        x = torch.relu(network._closing(x)).flatten(1, 2)
        x = torch.relu(network._tdnn(x))[0].T
        for block in network._blocks:
            for layer in block.layers:
                x = torch.cat([x, _grown(layer, x, averages, stretch)], dim=1)
            x = _normalized(block.norm, x) @ block.weight
        return _normalized(network._out, x)


def _grown(layer: Any, x: Tensor, averages: Tensor, stretch: Tensor) -> Tensor:
    narrow = torch.relu(torch.addmm(layer.bias, _normalized(layer.norm, x), layer.weight))
    before, here, after = (narrow @ layer.local).chunk(3, dim=1)
    shift = layer.dilation
    zeros = torch.zeros(shift, here.shape[1])
    local = here + torch.cat([zeros, before[:-shift]]) + torch.cat([after[shift:], zeros])
    hidden = torch.relu(torch.addmm(layer.first_bias, averages @ narrow, layer.first))
    mask = torch.sigmoid(torch.addmm(layer.second_bias, hidden, layer.second))
    grown: Tensor = local * mask[stretch]
    return grown


def _normalized(norm: Any, x: Tensor) -> Tensor:
    return torch.relu(norm.shift + x * norm.scale)


def campplus_inputs(frames: int) -> Inputs:
    """Return inputs of `CampPlusFrames` for so many frames of noise."""
    half = (frames + 1) // 2
    averages, stretch = context_of(half)
    return {
        "features": noise(frames, 80),
        "averages": torch.from_numpy(averages),
        "stretch": torch.from_numpy(stretch),
    }


def campplus_projection(dense: Any) -> np.ndarray[Any, Any]:
    """Return CAM++'s last layer, its normalization included, as a matrix with the bias last."""
    norm = dense.nonlinear.batchnorm
    scale = 1 / np.sqrt(norm.running_var.numpy() + norm.eps)
    weights = dense.linear.weight[..., 0].detach().numpy() * scale[:, None]
    return np.column_stack([weights, -norm.running_mean.numpy() * scale])


class ResNetFrames(nn.Module):
    """Filter banks (1, 80, frames) to features (1, channels, frames / 8), before the pooling."""

    def __init__(self, resnet: Any) -> None:
        super().__init__()
        self.first = fuse_conv_bn_eval(resnet.conv1, resnet.bn1)
        layers = (resnet.layer1, resnet.layer2, resnet.layer3, resnet.layer4)
        self.blocks = nn.ModuleList(_ResNetBlock(block) for layer in layers for block in layer)

    def forward(self, features: Tensor) -> Tensor:
        """Compute the features."""
        x = torch.relu(self.first(features[:, None]))
        for block in self.blocks:
            x = block(x)
        return x.flatten(1, 2)


class _ResNetBlock(nn.Module):
    def __init__(self, block: Any) -> None:
        super().__init__()
        self.first = fuse_conv_bn_eval(block.conv1, block.bn1)
        self.second = fuse_conv_bn_eval(block.conv2, block.bn2)
        self.shortcut: nn.Module = nn.Identity()
        if len(block.shortcut):
            self.shortcut = fuse_conv_bn_eval(block.shortcut[0], block.shortcut[1])

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.shortcut(x))
