"""Train the finder: seeded, on processor cores, against the wall clock.

python packaging/train/finder_train.py --minutes 30 --seed 1 --fonts DIR --out DIR

``--fonts``: folder of the OCR-B faces; other print is drawn in every face that fc-list names in
``--plain`` folders (DejaVu, Liberation, FreeFont of Debian).
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing as mp
import platform
import time
from pathlib import Path

import numpy as np
import torch
from finder_cards import CardFactory
from finder_net import FinderNet
from finder_scenes import UNIT, SceneFactory
from torch import nn

BATCH = 16
_ZONE_FACES = ("OCRB.otf", "OCRBS.otf")
_CHECK = 320


def _fonts(folder: Path, plain: Path) -> tuple[list[Path], list[Path]]:
    faces = sorted(plain.rglob("*.ttf"))
    monospaced = [p for p in faces if "Mono" in p.stem and "Oblique" not in p.stem]
    upright = [p for p in faces if "Math" not in p.stem and "Symbol" not in p.stem]
    return [folder / name for name in _ZONE_FACES] + monospaced[:6], upright


def _produce(folder: Path, plain: Path, seed: int, queue: mp.Queue) -> None:
    import cv2

    cv2.setNumThreads(1)
    zone_fonts, print_fonts = _fonts(folder, plain)
    scenes = SceneFactory(zone_fonts, print_fonts, seed)
    fresh = CardFactory(zone_fonts, print_fonts, seed + 99)
    while True:
        batch = [scenes.scene() for _ in range(BATCH)]
        shapes = {item.picture.shape for item in batch}
        for shape in shapes:
            part = [item for item in batch if item.picture.shape == shape]
            queue.put(
                (
                    np.stack([item.picture for item in part]),
                    np.stack([item.masks for item in part]),
                    np.stack([item.ways for item in part]).astype(np.float16),
                )
            )
        scenes.refresh(fresh, 1)


def loss_of(out: torch.Tensor, masks: torch.Tensor, ways: torch.Tensor) -> torch.Tensor:
    """Cross-entropy and overlap of the masks, and the error of the ways where there is something."""
    logits = out[:, :3]
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, masks)
    chance = logits.sigmoid()
    common = (chance * masks).sum((2, 3))
    dice = 1 - (2 * common + 20) / (chance.sum((2, 3)) + masks.sum((2, 3)) + 20)
    total = entropy + dice.mean()
    for plane in (0, 1):
        inside = (masks[:, plane : plane + 1] > 0.5).float()
        error = nn.functional.smooth_l1_loss(
            out[:, 3 + 8 * plane : 11 + 8 * plane],
            ways[:, 8 * plane : 8 * plane + 8],
            reduction="none",
            beta=0.05,
        )
        # Every document counts alike, however large it is.
        each = (error * inside).sum((1, 2, 3)) / (8 * inside.sum((1, 2, 3)) + 8)
        total = total + each.mean()
    return total


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """Weights of the averaged net, as training wrote them."""
    stored = torch.load(path, weights_only=True)
    return {k.removeprefix("module."): v for k, v in stored.items() if k != "n_averaged"}


@torch.inference_mode()
def evaluate(net: nn.Module, scenes: list) -> dict[str, float]:
    """Overlap of the masks, and the median error of the corners in px, by plane."""
    net.eval()
    overlap: dict[int, list[float]] = {0: [], 1: []}
    error: dict[int, list[float]] = {0: [], 1: []}
    for scene in scenes:
        masks, ways = net(torch.from_numpy(scene.picture).float()[None, None])
        for plane in (0, 1):
            seen, true = masks[0, plane].numpy() > 0.5, scene.masks[plane] > 0.5
            if true.any():
                overlap[plane].append(float((seen & true).sum() / (seen | true).sum()))
                got = ways[0, 8 * plane : 8 * plane + 8].numpy()[:, true].mean(1)
                want = scene.ways[8 * plane : 8 * plane + 8][:, true].mean(1)
                error[plane].append(float(np.abs(got - want).max()) * UNIT)
    return {
        "document_overlap": round(float(np.mean(overlap[0])), 4),
        "zone_overlap": round(float(np.mean(overlap[1])), 4),
        "document_corner_px": round(float(np.median(error[0])), 2),
        "zone_corner_px": round(float(np.median(error[1])), 2),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--plain", type=Path, default=Path("/usr/share/fonts/truetype"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--peak", type=float, default=3e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--begin", type=Path, help="weights of an earlier stage to go on from")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    queue: mp.Queue = mp.Queue(12)
    producer = mp.Process(
        target=_produce, args=(options.fonts, options.plain, options.seed, queue), daemon=True
    )
    producer.start()
    check_factory = SceneFactory(*_fonts(options.fonts, options.plain), 10_000, 80, 20)
    check = [check_factory.scene() for _ in range(_CHECK)]
    net = FinderNet()
    if options.begin is not None:
        net.load_state_dict(weights_of(options.begin))
    net = net.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.997), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.peak, weight_decay=0.01)
    limit = options.minutes * 60
    start, step, seen, shown, losses, curve = time.monotonic(), 0, 0, 0.0, [], []
    while (spent := time.monotonic() - start) < limit:
        progress = spent / limit
        rate = min(progress / 0.03, 1) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in optimiser.param_groups:
            group["lr"] = options.peak * max(rate, 1e-3)
        pictures, masks, ways = queue.get()
        x = (
            torch.from_numpy(pictures)
            .float()[:, None]
            .contiguous(memory_format=torch.channels_last)
        )
        net.train()
        with torch.autocast("cpu", torch.bfloat16):
            out = net.raw(x)
        loss = loss_of(out.float(), torch.from_numpy(masks), torch.from_numpy(ways).float())
        loss = loss * (len(pictures) / BATCH)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 3)
        optimiser.step()
        average.update_parameters(net)
        losses.append(loss.item())
        step += 1
        seen += len(pictures)
        if spent - shown > 180:
            shown = spent
            row = {
                "seconds": round(spent),
                "scenes": seen,
                "loss": round(float(np.mean(losses[-200:])), 4),
                **evaluate(average.module, check),
            }
            curve.append(row)
            print(json.dumps(row), flush=True)
            torch.save(average.module.state_dict(), options.out / "finder.pt")
    torch.save(average.module.state_dict(), options.out / "finder.pt")
    result = {
        "seed": options.seed,
        "minutes": options.minutes,
        "scenes": seen,
        "torch": torch.__version__,
        "python": platform.python_version(),
        **evaluate(average.module, check),
        "curve": curve,
    }
    (options.out / "finder.json").write_text(json.dumps(result, indent=1), "utf-8")
    producer.terminate()


if __name__ == "__main__":
    main()
