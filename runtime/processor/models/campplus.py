"""The CAM++ speaker embedding as a pyannote model, built around the published weights.

Architecture: Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using
Context-Aware Masking", Interspeech 2023. Module names follow the published state dictionary.
"""

from collections import OrderedDict
from functools import lru_cache, partial
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812  # the name every torch program gives it
from pyannote.audio.core.model import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications
from torch import Tensor, nn
from torchaudio.compliance import kaldi

from runtime.processor.models.campplus_folded import FoldedCampPlus

_MEL_BINS = 80
_DIMENSION = 192
_FRAME_SAMPLES = 400  # 25 ms at 16 kHz
_HOP_SAMPLES = 160
_SHORTEST_FRAMES = 20  # 200 ms: less says nothing about a voice
_CONTEXT_FRAMES = 100
_GROWTH = 32
_BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation of each dense block


def load_campplus(state_dict: Path) -> "CampPlusEmbedding":
    """Return the model with the weights of a state dictionary file, ready for inference."""
    model = CampPlusEmbedding()
    model.network.load_state_dict(torch.load(state_dict, map_location="cpu", weights_only=True))
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=10.0, classes=[]
    )
    model.eval()
    model.network = FoldedCampPlus(model.network)
    return model


class CampPlusEmbedding(Model):  # type: ignore[misc]  # pyannote ships no types
    """Waveforms (batch, 1, samples) to embeddings (batch, 192).

    With weights (batch, speakers, frames) the result is (batch, speakers, 192): the network sees
    each speaker's frames alone. CAM++ has context of the whole utterance inside, so weighting only
    the last pooling, as pyannote's own models do, lets the other voices leak in. A speaker with
    under 200 ms gives NaN.
    """

    def __init__(self) -> None:
        """Build the network with random weights."""
        super().__init__(sample_rate=16_000, num_channels=1)
        self.network: nn.Module = CampPlus()
        self._fbank = partial(
            kaldi.fbank, num_mel_bins=_MEL_BINS, dither=0.0, sample_frequency=16_000
        )

    @property
    def dimension(self) -> int:
        """Size of an embedding."""
        return _DIMENSION

    @lru_cache  # noqa: B019  # pyannote's interface; one model lives as long as the process
    def num_frames(self, num_samples: int) -> int:
        """Return the number of filter-bank frames of so many samples."""
        return 1 + (num_samples - _FRAME_SAMPLES) // _HOP_SAMPLES

    def receptive_field_size(self, num_frames: int = 1) -> int:
        """Return how many samples so many frames cover."""
        return _FRAME_SAMPLES + (num_frames - 1) * _HOP_SAMPLES

    def receptive_field_center(self, frame: int = 0) -> int:
        """Return the sample at the centre of a frame."""
        return _FRAME_SAMPLES // 2 + frame * _HOP_SAMPLES

    def forward(self, waveforms: Tensor, weights: Tensor | None = None) -> Tensor:
        """Embed; raises `ValueError` for waveforms under 200 ms without weights."""
        if weights is None:
            return torch.stack([self._embed(self._features(w)) for w in waveforms])
        per_speaker = weights if weights.dim() == 3 else weights[:, None]  # noqa: PLR2004
        shape = (len(waveforms), per_speaker.shape[1], _DIMENSION)
        embeddings = waveforms.new_full(shape, float("nan"))
        for item, (waveform, masks) in enumerate(zip(waveforms, per_speaker, strict=True)):
            features = self._features(waveform)
            stretched = F.interpolate(masks[:, None].float(), size=len(features))[:, 0] > 0.5  # noqa: PLR2004
            for speaker, mask in enumerate(stretched):
                if int(mask.sum()) >= _SHORTEST_FRAMES:
                    embeddings[item, speaker] = self._embed(features[mask])
        return embeddings if weights.dim() == 3 else embeddings[:, 0]  # noqa: PLR2004

    def _features(self, waveform: Tensor) -> Tensor:
        # Kaldi computes on 16-bit sample values.
        features: Tensor = self._fbank(waveform * (1 << 15))
        return features

    def _embed(self, features: Tensor) -> Tensor:
        if len(features) < _SHORTEST_FRAMES:
            raise ValueError(f"{len(features)} frames are too few to know a voice by")
        embedding: Tensor = self.network((features - features.mean(dim=0)).T[None])[0]
        return embedding


class CampPlus(nn.Module):
    """Filter banks (batch, 80, frames) to embeddings (batch, 192)."""

    def __init__(self) -> None:
        """Stack the convolutional front end, three dense blocks, pooling and a projection."""
        super().__init__()
        self.head = _FrontEnd()
        layers: OrderedDict[str, nn.Module] = OrderedDict(tdnn=_Tdnn(320, 128))
        channels = 128
        for number, (count, dilation) in enumerate(_BLOCKS, start=1):
            layers[f"block{number}"] = _DenseBlock(count, channels, dilation)
            channels += count * _GROWTH
            layers[f"transit{number}"] = nn.Sequential(
                OrderedDict(
                    nonlinear=_normalized(channels),
                    linear=nn.Conv1d(channels, channels // 2, 1, bias=False),
                )
            )
            channels //= 2
        layers["out_nonlinear"] = _normalized(channels)
        layers["stats"] = _MeanAndDeviation()
        layers["dense"] = _Projection(2 * channels)
        self.xvector = nn.Sequential(layers)

    def forward(self, features: Tensor) -> Tensor:
        """Embed each item of the batch."""
        embeddings: Tensor = self.xvector(self.head(features))
        return embeddings


class _ResidualBlock(nn.Module):
    def __init__(self, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, (stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, (stride, 1), bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(inner + self.shortcut(x))


class _FrontEnd(nn.Module):
    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(_ResidualBlock(channels, 2), _ResidualBlock(channels, 1))
        self.layer2 = nn.Sequential(_ResidualBlock(channels, 2), _ResidualBlock(channels, 1))
        self.conv2 = nn.Conv2d(channels, channels, 3, (2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, features: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(features[:, None])))
        x = F.relu(self.bn2(self.conv2(self.layer2(self.layer1(x)))))
        return x.flatten(1, 2)


class _Tdnn(nn.Module):
    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, out_channels, 5, stride=2, padding=2, bias=False)
        self.nonlinear = _normalized(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.nonlinear(self.linear(x))
        return result


class _ContextAwareMask(nn.Module):
    """Weighs a local convolution by what the whole utterance and its neighbourhood say."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(
            channels, _GROWTH, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.linear1 = nn.Conv1d(channels, channels // 2, 1)
        self.linear2 = nn.Conv1d(channels // 2, _GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        nearby = F.avg_pool1d(x, _CONTEXT_FRAMES, _CONTEXT_FRAMES, ceil_mode=True)
        nearby = nearby.repeat_interleave(_CONTEXT_FRAMES, dim=-1)[..., : x.shape[-1]]
        context = x.mean(dim=-1, keepdim=True) + nearby
        mask = torch.sigmoid(self.linear2(F.relu(self.linear1(context))))
        result: Tensor = self.linear_local(x) * mask
        return result


class _DenseLayer(nn.Module):
    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        bottleneck = 4 * _GROWTH
        self.nonlinear1 = _normalized(channels)
        self.linear1 = nn.Conv1d(channels, bottleneck, 1, bias=False)
        self.nonlinear2 = _normalized(bottleneck)
        self.cam_layer = _ContextAwareMask(bottleneck, dilation)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return result


class _DenseBlock(nn.Module):
    def __init__(self, count: int, channels: int, dilation: int) -> None:
        super().__init__()
        for number in range(count):
            layer = _DenseLayer(channels + number * _GROWTH, dilation)
            self.add_module(f"tdnnd{number + 1}", layer)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.children():
            x = torch.cat([x, layer(x)], dim=1)
        return x


class _MeanAndDeviation(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x.mean(dim=-1), x.std(dim=-1)], dim=-1)


class _Projection(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels, _DIMENSION, 1, bias=False)
        self.nonlinear = nn.Sequential(
            OrderedDict(batchnorm=nn.BatchNorm1d(_DIMENSION, affine=False))
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.nonlinear(self.linear(x[..., None])[..., 0])
        return result


def _normalized(channels: int) -> nn.Sequential:
    return nn.Sequential(OrderedDict(batchnorm=nn.BatchNorm1d(channels), relu=nn.ReLU()))
