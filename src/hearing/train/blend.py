"""Blends two weights files of one form into a third: blend.py ONE OTHER OUT [SHARE of OTHER, 0.5]

Where OTHER went on from ONE, a network between the two is a network again, and keeps more of what ONE had heard. The rows of the
check are those of ONE, the logits behind them are reckoned anew.
"""

import struct
import sys

import numpy as np

HEADER = 16


def read(path):
    raw = open(path, "rb").read()
    return raw[:HEADER], np.frombuffer(raw[HEADER:], "<f4").astype(np.float64)


def logits(weights, inputs, dense, hidden, rows):
    """What the network says behind these rows, as `network.rs` reckons it."""
    at = 0

    def take(*shape):
        nonlocal at
        at += int(np.prod(shape))
        return weights[at - int(np.prod(shape)) : at].reshape(shape)

    w, b, wi, bi = take(dense, inputs), take(dense), take(3 * hidden, dense), take(3 * hidden)
    wh, bh, wo, bo = take(3 * hidden, hidden), take(3 * hidden), take(5, hidden), take(5)
    memory = np.zeros(hidden)
    for row in rows:
        from_input = wi @ np.maximum(0, w @ row + b) + bi
        from_memory = wh @ memory + bh
        reset, update = (1 / (1 + np.exp(-(from_input + from_memory)[: 2 * hidden]))).reshape(2, hidden)
        new = np.tanh(from_input[2 * hidden :] + reset * from_memory[2 * hidden :])
        memory = new + update * (memory - new)
    return wo @ memory + bo


def main():
    one, other, out, *share = sys.argv[1:]
    (header, x), (header2, y) = read(one), read(other)
    if header != header2 or len(x) != len(y):
        sys.exit("networks of different form")
    inputs, dense, hidden = struct.unpack("<3I", header[4:])
    part = float(share[0]) if share else 0.5
    z = ((1 - part) * x + part * y).astype("<f4").astype(np.float64)
    check = len(z) - 8 * inputs - 5
    z[check:-5] = x[check:-5]
    z[-5:] = logits(z, inputs, dense, hidden, z[check:-5].reshape(8, inputs))
    open(out, "wb").write(header + z.astype("<f4").tobytes())


main()
