"""Train the recogniser: seeded, on one or two processor cores, against the wall clock.

python packaging/train/train.py --minutes 60 --seed 1 --ocr-b DIR --faces DIR --out DIR

``--start NET.onnx`` goes on from an exported net of the same shape instead of from chance.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import multiprocessing as mp
import platform
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from glyphs import training_bank
from lines import LineFactory
from net import LineNet, adopt
from sets import StripSet, score, validation_sets
from torch import nn

BATCH = 64
_SHOWN_EVERY_S = 240


def _produce(ocr_b: Path, faces: Path, seed: int, queue: mp.Queue) -> None:
    cv2.setNumThreads(1)
    factory = LineFactory(training_bank(ocr_b, faces), seed)
    while True:
        pictures, labels, _ = factory.batch(BATCH)
        queue.put((pictures, labels))


def _recogniser(net: nn.Module) -> Any:
    @torch.inference_mode()
    def recognise(pictures: np.ndarray) -> np.ndarray:
        net.eval()
        return net(torch.from_numpy(pictures).float()[:, None]).numpy()

    return recognise


def _scores(net: nn.Module, sets: dict[str, StripSet]) -> dict[str, dict[str, float]]:
    return {name: score(_recogniser(net), strips) for name, strips in sets.items()}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ocr-b", type=Path, default=Path("/usr/share/fonts/opentype/ocr-b"))
    parser.add_argument("--faces", type=Path, default=Path("/usr/share/fonts/truetype"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--peak", type=float, default=4e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path)
    return parser.parse_args()


def main() -> None:
    """Command line."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    queue: mp.Queue = mp.Queue(8)
    source = (options.ocr_b, options.faces, options.seed, queue)
    producer = mp.Process(target=_produce, args=source, daemon=True)
    producer.start()
    bank = training_bank(options.ocr_b, options.faces)
    sets = validation_sets(bank, options.ocr_b, options.faces, 200)
    net = LineNet()
    if options.start:
        adopt(net, options.start, torch.from_numpy(queue.get()[0]).float()[:, None])
        print(json.dumps({"start": _scores(net, sets)}), flush=True)
    net = net.to(memory_format=torch.channels_last)
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
        if spent - shown > min(_SHOWN_EVERY_S, limit / 3):
            shown = spent
            facts = {
                "seconds": round(spent),
                "lines": step * BATCH,
                "loss": round(float(np.mean(losses[-200:])), 4),
            }
            curve.append(facts | _scores(average.module, sets))
            print(json.dumps(curve[-1]), flush=True)
            torch.save(average.module.state_dict(), options.out / "weights.pt")
    torch.save(average.module.state_dict(), options.out / "weights.pt")
    result = {
        "seed": options.seed,
        "minutes": options.minutes,
        "peak": options.peak,
        "threads": options.threads,
        "start": hashlib.sha256(options.start.read_bytes()).hexdigest() if options.start else None,
        "lines": step * BATCH,
        "torch": torch.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        **_scores(average.module, sets),
        "curve": curve,
    }
    (options.out / "training.json").write_text(json.dumps(result, indent=1), "utf-8")
    producer.terminate()


if __name__ == "__main__":
    main()
