"""The recogniser: a small convolutional net over one squeezed line.

Input (N, 1, 32, 704) float32 grey 0..255; it standardises each strip itself, so that dim frames
cost nothing. Output (N, 176, 38) probabilities: blank, 0-9, A-Z, <.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn


def _block(
    inputs: int,
    outputs: int,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    pad: tuple[int, int] | None = None,
    dilation: int = 1,
) -> nn.Sequential:
    if pad is None:
        pad = (kernel[0] // 2, (kernel[1] // 2) * dilation)
    conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, (1, dilation), bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class LineNet(nn.Module):
    """About 0.6 M weights; no recurrence, no attention."""

    def __init__(self, wide: float = 1.25) -> None:
        super().__init__()
        a, b, c, d, e = (round(n * wide / 8) * 8 for n in (16, 32, 56, 80, 112))
        self.stem = nn.Sequential(
            _block(1, a, (5, 5), (2, 2)),
            _block(a, b, (3, 3), (2, 2)),
            _block(b, c, (3, 3)),
            _block(c, d, (3, 3), (2, 1)),
            _block(d, d, (3, 3)),
            _block(d, e, (4, 1), pad=(0, 0)),
        )
        self.context = nn.ModuleList(_block(e, e, (1, 5), dilation=n) for n in (1, 2, 4))
        self.head = nn.Conv2d(e, 38, 1)

    def logits(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 1, 32, 704) -> (N, 38, 176)."""
        mean = pictures.mean((2, 3), keepdim=True)
        spread = ((pictures - mean) ** 2).mean((2, 3), keepdim=True).sqrt()
        x = self.stem((pictures - mean) / (spread + 3.0))
        for block in self.context:
            x = x + block(x)
        return self.head(x)[:, :, 0, :]

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 1, 32, 704) -> (N, 176, 38) probabilities."""
        return self.logits(pictures).softmax(1).transpose(1, 2)


@torch.no_grad()
def adopt(net: LineNet, exported: Path, sample: torch.Tensor) -> None:
    """Take over an exported net of the same shape, whose normalisations are folded into its weights.

    Each normalisation is set to undo what it will measure on such strips, so that the net answers
    as the exported one does, and trains as a fresh one would.

    Args:
        net: changed in place.
        exported: ONNX file.
        sample: strips (N, 1, 32, 704) float32 as trained on.
    """
    graph = onnx.load(exported).graph
    stored = {item.name: numpy_helper.to_array(item).copy() for item in graph.initializer}
    folded = iter([n.input[1:3] for n in graph.node if n.op_type == "Conv"])
    mean = sample.mean((2, 3), keepdim=True)
    spread = ((sample - mean) ** 2).mean((2, 3), keepdim=True).sqrt()
    x = (sample - mean) / (spread + 3.0)
    net.eval()
    for block in (*net.stem, *net.context):
        weight, bias = (torch.from_numpy(stored[name]) for name in next(folded))
        block[0].weight.copy_(weight)
        raw = block[0](x)
        norm = block[1]
        centre, variance = raw.mean((0, 2, 3)), raw.var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(centre)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.copy_(bias + centre)
        x = x + block(x) if any(block is c for c in net.context) else block(x)
    weight, bias = (torch.from_numpy(stored[name]) for name in next(folded))
    net.head.weight.copy_(weight)
    net.head.bias.copy_(bias)
