"""Write the trained finder as ONNX, and prove that it answers the same.

python packaging/train/finder_export.py --weights DIR/finder.pt --out resources/models/document-finder.onnx
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from finder_net import FinderNet
from finder_train import weights_of

_TOLERANCE = 1e-3
"""Ways are tens of units large; a thousandth of a unit is 0.06 px."""


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    net = FinderNet()
    net.load_state_dict(weights_of(options.weights))
    net.eval()
    generator = np.random.default_rng(0)
    sample = torch.from_numpy(generator.integers(0, 256, (4, 1, 224, 384)).astype(np.float32))
    shape = {0: "n", 2: "h", 3: "w"}
    torch.onnx.export(
        net,
        (sample[:1],),
        str(options.out),
        input_names=["pictures"],
        output_names=["masks", "ways"],
        dynamic_axes={"pictures": shape, "masks": shape, "ways": shape},
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(options.out), providers=["CPUExecutionProvider"])
    worst = 0.0
    for picture in (sample, sample[:, :, :160, :192], sample[:1, :, :208]):
        ours = session.run(None, {"pictures": picture.numpy()})
        with torch.inference_mode():
            theirs = net(picture)
        worst = max(
            worst, *(float(np.abs(a - b.numpy()).max()) for a, b in zip(ours, theirs, strict=True))
        )
    print(f"weights {sum(p.numel() for p in net.parameters())}, difference {worst:.1e}")
    if worst > _TOLERANCE:
        raise SystemExit("ONNX and torch differ")


if __name__ == "__main__":
    main()
