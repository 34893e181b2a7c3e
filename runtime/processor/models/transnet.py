"""TransNetV2, which detects cuts and gradual transitions, built around the published weights.

Architecture: Soucek and Lokoc, "TransNet V2: An effective deep network architecture for fast shot
transition detection", 2020. Module names follow the published state dictionary.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # the name every torch program gives it
from numpy.typing import NDArray
from torch import Tensor, nn

from runtime.processor.models.integrity import verify_model

WIDTH, HEIGHT = 48, 27
"""Size of its input frames, whatever the video's shape."""

WEIGHTS = "transnetv2.pth"

_WINDOW = 100
CONTEXT = 25
"""Frames at either end of a window that get no score."""

_STEP = _WINDOW - 2 * CONTEXT
_REACH = 50  # how far each frame is compared with its neighbours
_DILATIONS = (1, 2, 4, 8)
_FILTERS = (16, 32, 64)
_FEATURES = 128
_HIDDEN = 1024
_COLOURS = 512  # 3 bits for each of red, green, blue

Frame = NDArray[np.uint8]


@lru_cache(maxsize=1)
def load_transnet(model_dir: Path) -> "TransNet":
    """Return the model, ready for inference; warm workers load it once.

    Raises `Permanent` `models.missing` or `models.corrupt`.
    """
    verify_model(model_dir)
    model = TransNet()
    weights = torch.load(model_dir / WEIGHTS, map_location="cpu", weights_only=True)
    model.load_state_dict(weights)
    model.eval()
    return model


def transition_probabilities(
    model: "TransNet", frames: Iterable[Frame], before: Sequence[Frame] = ()
) -> Iterator[float]:
    """Yield for each frame (27, 48, 3), red first, the probability of a transition after it.

    Looks ahead 75 frames at most, so memory does not grow with the number of frames. Resumes after
    a multiple of 50 frames, given the last 25 of them as `before`.
    """
    arriving = iter(frames)
    first = next(arriving, None)
    if first is None:
        return
    window = list(before) or [first] * CONTEXT
    total = waiting = 0
    for frame in chain([first], arriving):
        window.append(frame)
        total, waiting = total + 1, waiting + 1
        if len(window) == _WINDOW:
            yield from _middle(model, window)
            window, waiting = window[_STEP:], waiting - _STEP
    while waiting > 0:
        padded = window + [window[-1]] * (_WINDOW - len(window))
        yield from _middle(model, padded)[:waiting]
        window, waiting = padded[_STEP:], waiting - _STEP


def _middle(model: "TransNet", window: list[Frame]) -> list[float]:
    with torch.inference_mode():
        scores = torch.sigmoid(model(torch.from_numpy(np.stack(window))[None]))
    found: list[float] = scores[0, CONTEXT:-CONTEXT].tolist()
    return found


class TransNet(nn.Module):
    """Frames (batch, time, 27, 48, 3) of 8 bits to scores (batch, time) before the sigmoid."""

    def __init__(self) -> None:
        """Build the network with random weights."""
        super().__init__()
        widths = [4 * filters for filters in _FILTERS]
        inputs = [3, *widths]
        self.SDDCNN = nn.ModuleList(
            _Stack(into, filters) for into, filters in zip(inputs, _FILTERS, strict=False)
        )
        self.frame_sim_layer = _LearnedSimilarity(sum(widths))
        self.color_hist_layer = _ColourSimilarity()
        self.fc1 = nn.Linear(3 * 6 * widths[-1] + 2 * _FEATURES, _HIDDEN)
        self.cls_layer1 = nn.Linear(_HIDDEN, 1)
        # Trained beside the first, to mark all frames of a transition; not used here.
        self.cls_layer2 = nn.Linear(_HIDDEN, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Score each frame."""
        x = frames.permute(0, 4, 1, 2, 3).float() / 255
        stages = []
        for stack in self.SDDCNN:
            x = stack(x)
            stages.append(x)
        seen = x.permute(0, 2, 3, 4, 1).flatten(2)
        likeness = [self.color_hist_layer(frames), self.frame_sim_layer(stages)]
        scores: Tensor = self.cls_layer1(F.relu(self.fc1(torch.cat([*likeness, seen], dim=2))))
        return scores[..., 0]


class _Stack(nn.Module):
    """Two dilated blocks, the first one's output added to the second's, at half the size."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        self.DDCNN = nn.ModuleList(
            [_DilatedBlock(inputs, filters), _DilatedBlock(4 * filters, filters)]
        )

    def forward(self, x: Tensor) -> Tensor:
        first = F.relu(self.DDCNN[0](x))
        both = F.relu(self.DDCNN[1](first)) + first
        return F.avg_pool3d(both, (1, 2, 2))


class _DilatedBlock(nn.Module):
    """Convolutions over four lengths of time side by side."""

    def __init__(self, inputs: int, filters: int) -> None:
        super().__init__()
        for dilation in _DILATIONS:
            self.add_module(f"Conv3D_{dilation}", _Convolution(inputs, filters, dilation))
        self.bn = nn.BatchNorm3d(4 * filters, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.get_submodule(f"Conv3D_{dilation}")(x) for dilation in _DILATIONS]
        normalized: Tensor = self.bn(torch.cat(branches, dim=1))
        return normalized


class _Convolution(nn.Module):
    """Space first, then time: two convolutions in three dimensions, each flat in one.

    Computed in two dimensions, for which CPUs have faster kernels.
    """

    def __init__(self, inputs: int, filters: int, dilation: int) -> None:
        super().__init__()
        self._dilation = dilation
        space = nn.Conv3d(inputs, 2 * filters, (1, 3, 3), bias=False)
        time = nn.Conv3d(2 * filters, filters, (3, 1, 1), bias=False)
        self.layers = nn.ModuleList([space, time])

    def forward(self, x: Tensor) -> Tensor:
        space, time = (layer.get_parameter("weight") for layer in self.layers)
        batch, _, length, height, width = x.shape
        seen = F.conv2d(x.transpose(1, 2).flatten(0, 1), space[:, :, 0], padding=1)
        lines = seen.reshape(batch, length, -1, height * width).transpose(1, 2)
        moved = F.conv2d(
            lines, time[..., 0], padding=(self._dilation, 0), dilation=(self._dilation, 1)
        )
        return moved.reshape(batch, -1, length, height, width)


class _LearnedSimilarity(nn.Module):
    """Similarity of each frame to those around it, by learned features."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.projection = nn.Linear(inputs, _FEATURES)
        self.fc = nn.Linear(2 * _REACH + 1, _FEATURES)

    def forward(self, stages: list[Tensor]) -> Tensor:
        means = torch.cat([stage.mean(dim=(3, 4)) for stage in stages], dim=1).transpose(1, 2)
        return F.relu(self.fc(_similarities(F.normalize(self.projection(means), dim=2))))


class _ColourSimilarity(nn.Module):
    """Similarity of each frame to those around it, by colour histogram."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2 * _REACH + 1, _FEATURES)

    def forward(self, frames: Tensor) -> Tensor:
        eighths = frames.flatten(2, 3).long() >> 5
        colours = (eighths[..., 0] << 6) + (eighths[..., 1] << 3) + eighths[..., 2]
        counts = torch.zeros(*colours.shape[:2], _COLOURS)
        counts.scatter_add_(2, colours, torch.ones_like(colours, dtype=counts.dtype))
        return F.relu(self.fc(_similarities(F.normalize(counts, dim=2))))


def _similarities(rows: Tensor) -> Tensor:
    """Return (batch, time, 101): products with the 50 rows before and after, 0 beyond the ends."""
    products = F.pad(rows @ rows.transpose(1, 2), (_REACH, _REACH))
    # Row t, shifted left by t, begins with the product 50 rows before t.
    time = rows.shape[1]
    at = torch.arange(time)[:, None] + torch.arange(2 * _REACH + 1)
    return products.gather(2, at.expand(len(rows), -1, -1))
