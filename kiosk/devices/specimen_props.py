"""What lies around the specimen: desks and sensor noise, made once and kept."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from kiosk.ports import Picture


class Background(StrEnum):
    """Desks."""

    MAT = "mat"
    WOOD = "wood"
    PALE = "pale"
    CLUTTER = "clutter"


def _grain(rng: np.random.Generator, width: int, height: int, cell: int, depth: float) -> Picture:
    """Smooth random relief around 0, (height, width, 1) float32."""
    coarse = rng.normal(0, 1, (height // cell + 3, width // cell + 3)).astype(np.float32)
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return fine[:, :, None] * depth


def _flat(colour: tuple[int, int, int], width: int, height: int) -> Picture:
    return np.broadcast_to(np.array(colour, np.float32), (height, width, 3)).copy()


def draw_background(kind: Background, size: tuple[int, int], seed: int) -> Picture:
    """A desk, (H, W, 3) uint8 BGR."""
    width, height = size
    rng = np.random.default_rng(seed)
    ground = _flat((64, 56, 50), width, height)
    ground += _grain(rng, width, height, 3, 2.5) + _grain(rng, width, height, 160, 3.0)
    return np.clip(ground, 0, 255).astype(np.uint8)


@lru_cache(maxsize=4)
def noise_bank(size: tuple[int, int]) -> Picture:
    """Noise of standard deviation 32 around 128, larger than the frame by 256 pixels each way."""
    rng = np.random.default_rng(20261125)
    width, height = size
    bank = rng.normal(128, 32, (height + 256, width + 256, 3))
    return np.clip(bank, 0, 255).astype(np.uint8)


def draw_hand() -> None:
    """Placeholder until drawn."""
