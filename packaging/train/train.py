"""Train the recogniser: seeded, on two processor cores or a GPU, against the wall clock.

python packaging/train/train.py --minutes 60 --seed 1 --fonts DIR --out DIR
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
from lines import ALPHABET, LineFactory
from net import LineNet
from torch import nn

FONTS = {"OCRB.otf": 0.62, "OCRBS.otf": 0.30, "OCRBL.otf": 0.08}
BATCH = 64


def _factory(folder: Path, seed: int) -> LineFactory:
    return LineFactory([folder / name for name in FONTS], list(FONTS.values()), seed)


def _produce(folder: Path, seed: int, queue: mp.Queue) -> None:
    factory = _factory(folder, seed)
    while True:
        pictures, labels, _ = factory.batch(BATCH)
        queue.put((pictures, labels))


def greedy(probabilities: np.ndarray) -> str:
    """Text of (176, 38) probabilities, CTC collapse."""
    best = probabilities.argmax(1)
    keep = [b for i, b in enumerate(best) if b and (i == 0 or b != best[i - 1])]
    return "".join(ALPHABET[b - 1] for b in keep)


def _distance(a: str, b: str) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


@torch.inference_mode()
def evaluate(net: nn.Module, pictures: np.ndarray, texts: list[str]) -> dict[str, float]:
    """Share of exact lines and character error rate."""
    net.eval()
    tensor = torch.from_numpy(pictures).float()[:, None]
    out = torch.cat([net(part) for part in tensor.split(64)]).numpy()
    reads = [greedy(p) for p in out]
    errors = sum(_distance(r, t) for r, t in zip(reads, texts, strict=True))
    return {
        "exact": round(sum(r == t for r, t in zip(reads, texts, strict=True)) / len(texts), 4),
        "cer": round(errors / sum(map(len, texts)), 4),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--peak", type=float, default=4e-3)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(2)
    check = _factory(options.fonts, 10_000)
    lines = [check.one() for _ in range(400)]
    pictures = np.stack([item.picture for item in lines])
    texts = [item.text for item in lines]
    queue: mp.Queue = mp.Queue(8)
    producer = mp.Process(target=_produce, args=(options.fonts, options.seed, queue), daemon=True)
    producer.start()
    net = LineNet().to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.peak, weight_decay=0.02)
    limit = options.minutes * 60
    start, step, shown, losses, curve = time.monotonic(), 0, 0.0, [], []
    while (spent := time.monotonic() - start) < limit:
        progress = spent / limit
        rate = min(progress / 0.03, 1) * 0.5 * (1 + math.cos(math.pi * progress))
        for group in optimiser.param_groups:
            group["lr"] = options.peak * max(rate, 1e-3)
        batch, labels = queue.get()
        x = torch.from_numpy(batch).float()[:, None].contiguous(memory_format=torch.channels_last)
        net.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = net.logits(x)
        loss = nn.functional.cross_entropy(logits.float(), torch.from_numpy(labels))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 3)
        optimiser.step()
        average.update_parameters(net)
        losses.append(loss.item())
        step += 1
        if spent - shown > 120:
            shown = spent
            row = {
                "seconds": round(spent),
                "lines": step * BATCH,
                "loss": round(float(np.mean(losses[-200:])), 4),
                **evaluate(average.module, pictures, texts),
            }
            curve.append(row)
            print(json.dumps(row), flush=True)
            torch.save(average.module.state_dict(), options.out / "weights.pt")
    torch.save(average.module.state_dict(), options.out / "weights.pt")
    result = {
        "seed": options.seed,
        "minutes": options.minutes,
        "lines": step * BATCH,
        "torch": torch.__version__,
        "python": platform.python_version(),
        **evaluate(average.module, pictures, texts),
        "curve": curve,
    }
    (options.out / "training.json").write_text(json.dumps(result, indent=1), "utf-8")
    producer.terminate()


if __name__ == "__main__":
    main()
