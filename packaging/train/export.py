"""Write the trained net as ONNX with its alphabet, and prove that it answers the same.

python packaging/train/export.py --weights DIR/weights.pt --out resources/models/ocrb-lines.onnx

``--temperature`` divides the logits, so that the probabilities mean what they say (``calibrate.py``).
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from glyphs import ALPHABET
from net import LineNet

_TOLERANCE = 1e-4


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--temperature", type=float, default=1.0)
    options = parser.parse_args()
    net = LineNet()
    net.load_state_dict(torch.load(options.weights, weights_only=True))
    net.eval()
    with torch.no_grad():
        for weights in net.head.parameters():
            weights.div_(options.temperature)
    sample = torch.from_numpy(
        np.random.default_rng(0).integers(0, 256, (64, 1, 32, 704)).astype(np.float32)
    )
    torch.onnx.export(
        net,
        (sample[:1],),
        str(options.out),
        input_names=["strips"],
        output_names=["scores"],
        dynamic_axes={"strips": {0: "n"}, "scores": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(options.out)
    for key, value in (("alphabet", ALPHABET), ("temperature", str(options.temperature))):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, options.out)
    session = onnxruntime.InferenceSession(str(options.out), providers=["CPUExecutionProvider"])
    ours = session.run(None, {"strips": sample.numpy()})[0]
    with torch.inference_mode():
        theirs = net(sample).numpy()
    difference = float(np.abs(ours - theirs).max())
    print(f"weights {sum(p.numel() for p in net.parameters())}, difference {difference:.1e}")
    if difference > _TOLERANCE:
        raise SystemExit("ONNX and torch differ")
    print("sha256", hashlib.sha256(options.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
