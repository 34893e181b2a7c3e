"""CAM++ with folded weights: the same function in half the time on a CPU.

Normalizations that follow a convolution are folded into it. Pictures lie channels last, sequences
time first, so that a convolution over one frame is a matrix product, and a dense block grows within
one buffer. The mask of a layer, which is constant over stretches of 100 frames, is computed once
for each stretch.
"""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  # the name every torch program gives it
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_CONTEXT_FRAMES = 100


class FoldedCampPlus(nn.Module):
    """Filter banks (1, 80, frames) to an embedding (1, 192), for inference alone."""

    def __init__(self, network: Any) -> None:
        """Take the weights of a `CampPlus` in evaluation mode."""
        super().__init__()
        head, layers = network.head, network.xvector
        self._opening = _folded(head.conv1, head.bn1)
        self._residuals = nn.ModuleList(
            _Residual(block) for layer in (head.layer1, head.layer2) for block in layer
        )
        self._closing = _folded(head.conv2, head.bn2)
        self._tdnn = fuse_conv_bn_eval(layers.tdnn.linear, layers.tdnn.nonlinear.batchnorm)
        self._blocks = nn.ModuleList(
            _Dense(getattr(layers, f"block{n}"), getattr(layers, f"transit{n}")) for n in (1, 2, 3)
        )
        self._out = _Normalized(layers.out_nonlinear.batchnorm)
        self._dense = layers.dense

    def forward(self, features: Tensor) -> Tensor:
        """Embed one sequence."""
        x = features[:, None].contiguous(memory_format=torch.channels_last)
        x = self._opening(x).relu_()
        for residual in self._residuals:
            x = residual(x)
        x = self._closing(x).relu_().contiguous().flatten(1, 2)
        x = self._tdnn(x).relu_()[0].T.contiguous()
        averages = _averages(len(x)).to(x)
        for block in self._blocks:
            x = block(x, averages)
        x = self._out(x)
        embedding: Tensor = self._dense(torch.cat([x.mean(dim=0), x.std(dim=0)])[None])
        return embedding


class _Residual(nn.Module):
    def __init__(self, block: Any) -> None:
        super().__init__()
        self.first, self.second = _folded(block.conv1, block.bn1), _folded(block.conv2, block.bn2)
        self.shortcut: nn.Module = nn.Identity()
        if len(block.shortcut):
            self.shortcut = _folded(block.shortcut[0], block.shortcut[1])

    def forward(self, x: Tensor) -> Tensor:
        inner: Tensor = self.second(self.first(x).relu_())
        return inner.add_(self.shortcut(x)).relu_()


class _Normalized(nn.Module):
    """A batch norm with no convolution before it to fold it into, and its rectifier."""

    def __init__(self, norm: nn.BatchNorm1d) -> None:
        super().__init__()
        mean, variance = norm.running_mean, norm.running_var
        assert mean is not None  # noqa: S101  # for the type checker, as is the next
        assert variance is not None  # noqa: S101
        scale = norm.weight * torch.rsqrt(variance + norm.eps)
        self.scale, self.shift = scale.detach(), (norm.bias - mean * scale).detach()

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.shift, x, self.scale).relu_()


class _Dense(nn.Module):
    """(frames, channels): layers that each see the channels of all before, and a transition."""

    def __init__(self, block: Any, transition: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(layer) for layer in block.children())
        self.norm = _Normalized(transition.nonlinear.batchnorm)
        self.weight = transition.linear.weight[..., 0].T.contiguous().detach()

    def forward(self, x: Tensor, averages: Tensor) -> Tensor:
        frames, channels = x.shape
        grown = x.new_empty(frames, self.weight.shape[0])
        grown[:, :channels] = x
        for layer in self.layers:
            added = layer(grown[:, :channels], averages)
            grown[:, channels : channels + added.shape[1]] = added
            channels += added.shape[1]
        result: Tensor = self.norm(grown) @ self.weight
        return result


class _Layer(nn.Module):
    """(frames, channels) to (frames, growth): a local convolution under a mask of its context."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.norm = _Normalized(layer.nonlinear1.batchnorm)
        narrow = fuse_conv_bn_eval(layer.linear1, layer.nonlinear2.batchnorm)
        assert narrow.bias is not None  # noqa: S101  # for the type checker: folding gives one
        self.weight, self.bias = _matrix(narrow), narrow.bias.detach()
        mask = layer.cam_layer
        self.dilation: int = mask.linear_local.dilation[0]
        # The three taps side by side: one product for all of them.
        self.local = torch.cat(mask.linear_local.weight.unbind(dim=2)).T.contiguous().detach()
        self.first, self.first_bias = _matrix(mask.linear1), mask.linear1.bias.detach()
        self.second, self.second_bias = _matrix(mask.linear2), mask.linear2.bias.detach()

    def forward(self, x: Tensor, averages: Tensor) -> Tensor:
        narrow = torch.addmm(self.bias, self.norm(x), self.weight).relu_()
        before, centre, after = (narrow @ self.local).chunk(3, dim=1)
        shift = self.dilation
        local = centre.clone()
        local[shift:] += before[:-shift]
        local[:-shift] += after[shift:]
        hidden = torch.addmm(self.first_bias, averages @ narrow, self.first).relu_()
        mask = torch.addmm(self.second_bias, hidden, self.second).sigmoid_()
        masked: Tensor = local.mul_(mask.repeat_interleave(_CONTEXT_FRAMES, dim=0)[: len(local)])
        return masked


def _averages(frames: int) -> Tensor:
    """Return (stretches, frames): a row averages its stretch, and adds the average of all."""
    stretch = torch.arange(frames) // _CONTEXT_FRAMES
    own = F.one_hot(stretch).T.float()
    return own / own.sum(dim=1, keepdim=True) + 1.0 / frames


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Module:
    return fuse_conv_bn_eval(convolution, norm).to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]  # torch's stubs lack it


def _matrix(convolution: Any) -> Tensor:
    weight: Tensor = convolution.weight[..., 0].T.contiguous().detach()
    return weight
