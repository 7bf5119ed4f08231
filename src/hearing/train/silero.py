"""Writes the weights of Silero VAD's half for 8 kHz as `src/hearing/silero/mod.rs` reads them, and says how a clip sounds to the original.

    silero.py silero_vad.onnx silero.bin [CLIP.wav]

Needs onnx and numpy; with a clip onnxruntime and scipy too. The onnx file is that of the package silero-vad 6.2.3, of whose hash
the script makes sure. The file is little-endian: the letters `SIL1`, then `f32`: weights (output-major) and bias of the four
convolutions (their taps one behind the other; taps that only ever meet padding are left out), of the recurrent layer (input and
hidden weights side by side, rows input, forget, cell, output) and of the read-out. The first layer, a Fourier transform, is
arithmetic. A clip's probabilities go to standard output, rounded to six digits.
"""

import hashlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper

ORIGINAL = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"


def weights(path):
    """The constants of the branch for 8 kHz, by name."""
    choice = next(n for n in onnx.load(path).graph.node if n.op_type == "If")
    branch = next(a.g for a in choice.attribute if a.name == "else_branch")
    named = {n.output[0].split("__")[-1]: n for n in branch.node if n.op_type == "Constant"}
    return {name: numpy_helper.to_array(n.attribute[0].t) for name, n in named.items()}


def layers(w):
    for k, taps in enumerate(((0, 1, 2), (0, 1, 2), (1, 2), (1,))):
        conv = w[f"encoder.{k}.reparam_conv.weight"]
        yield np.concatenate([conv[:, :, tap] for tap in taps], 1), w[f"encoder.{k}.reparam_conv.bias"]
    rnn = {name: w[f"decoder.rnn.{name}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    yield np.concatenate([rnn["weight_ih"], rnn["weight_hh"]], 1), rnn["bias_ih"] + rnn["bias_hh"]
    yield w["decoder.decoder.2.weight"][:, :, 0], w["decoder.decoder.2.bias"]


def probabilities(path, clip):
    import onnxruntime
    from scipy.io import wavfile

    session = onnxruntime.InferenceSession(path)
    rate, samples = wavfile.read(clip)
    assert rate == 8000 and samples.dtype == np.int16 and samples.ndim == 1
    sound = np.pad(samples.astype(np.float32) / 32768, (32, -len(samples) % 256))
    state = np.zeros((2, 1, 128), np.float32)
    for start in range(0, len(sound) - 287, 256):
        inputs = {"input": sound[None, start : start + 288], "state": state, "sr": np.array(8000)}
        p, state = session.run(None, inputs)
        yield float(p[0, 0])


def main():
    original, out, *clip = sys.argv[1:]
    assert hashlib.sha256(open(original, "rb").read()).hexdigest() == ORIGINAL, "another version of the model"
    with open(out, "wb") as file:
        file.write(b"SIL1")
        for part in (part for layer in layers(weights(original)) for part in layer):
            file.write(np.ascontiguousarray(part, "<f4").tobytes())
    if clip:
        print(", ".join(f"{p:.6f}" for p in probabilities(original, clip[0])))


main()
