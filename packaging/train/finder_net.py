"""The finder: a small convolutional net that says where document and zone lie, and which way up.

Input (N, 1, H, W) float32 grey 0..255, H and W multiples of 16, about 384 x 224; it standardises
each picture itself. Output ``masks`` (N, 3, H/4, W/4) probabilities: document, zone, zone in sight;
``ways`` (N, 16, H/4, W/4): from each cell to the corners of the document (8) and of the zone (8),
x and y in turn, in units of 64 px.
"""

import torch
from torch import nn


def _block(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class FinderNet(nn.Module):
    """About 0.4 M weights: down to a sixteenth, wide view there, and back up to a quarter."""

    def __init__(self) -> None:
        super().__init__()
        self.down2 = _block(1, 12, 2)
        self.down4 = nn.Sequential(_block(12, 24, 2), _block(24, 24))
        self.down8 = nn.Sequential(_block(24, 40, 2), _block(40, 40))
        self.down16 = _block(40, 72, 2)
        self.wide = nn.ModuleList(_block(72, 72, 1, n) for n in (1, 2, 4, 8, 1))
        self.side8 = nn.Conv2d(40, 48, 1)
        self.up8 = nn.Conv2d(72, 48, 1)
        self.mix8 = _block(48, 48)
        self.side4 = nn.Conv2d(24, 32, 1)
        self.up4 = nn.Conv2d(48, 32, 1)
        self.mix4 = _block(32, 32)
        self.head = nn.Conv2d(32, 19, 1)

    def raw(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 1, H, W) -> (N, 19, H/4, W/4): three logits, sixteen ways."""
        mean = pictures.mean((2, 3), keepdim=True)
        spread = ((pictures - mean) ** 2).mean((2, 3), keepdim=True).sqrt()
        at4 = self.down4(self.down2((pictures - mean) / (spread + 4.0)))
        at8 = self.down8(at4)
        x = self.down16(at8)
        for block in self.wide:
            x = x + block(x)
        x = nn.functional.interpolate(self.up8(x), scale_factor=2.0, mode="nearest")
        x = self.mix8(torch.relu(x + self.side8(at8)))
        x = nn.functional.interpolate(self.up4(x), scale_factor=2.0, mode="nearest")
        x = self.mix4(torch.relu(x + self.side4(at4)))
        return self.head(x)

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 1, H, W) -> masks (N, 3, H/4, W/4), ways (N, 16, H/4, W/4)."""
        out = self.raw(pictures)
        return out[:, :3].sigmoid(), out[:, 3:]
