"""Voices made of voices: of even pitch, sung, a child's, whispering, creaking, in falsetto, in a room.

8 kHz mono, float32, seeded by the caller's generator.
"""

import subprocess

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

RATE = 8000
FRAME, HOP, ORDER = 200, 100, 12


def tempo(x, factor):
    """Faster or slower by overlapping pieces, pitch kept."""
    effect = ["sox", "-D", "-t", "f32", "-r", str(RATE), "-c", "1", "-", "-t", "f32", "-", "tempo", "-s", f"{factor:.3f}"]
    return np.frombuffer(subprocess.run(effect, input=x.astype("<f4").tobytes(), capture_output=True).stdout, "<f4").copy()


def predictors(frames):
    """Linear prediction of every frame (Levinson and Durbin), a row each."""
    r = np.fft.irfft(np.abs(np.fft.rfft(frames, 512)) ** 2)[:, : ORDER + 1]
    r[:, 0] = r[:, 0] * 1.001 + 1e-9
    a = np.zeros((len(frames), ORDER + 1))
    a[:, 0] = 1
    error = r[:, 0].copy()
    for k in range(1, ORDER + 1):
        turn = -(r[:, k] + (a[:, 1:k] * r[:, k - 1 : 0 : -1]).sum(1)) / error
        a[:, 1:k] += turn[:, None] * a[:, k - 1 : 0 : -1].copy()
        a[:, k] = turn
        error *= 1 - turn**2
    return a


def revoiced(x, rng, hertz, voiceless, breath=0.05, uneven=0.0, flatter=1.0):
    """The same words with another excitation: pulses at `hertz` (a number per sample), noise where the voice has none.

    `voiceless` is the share of zero crossings from which on a frame counts as voiceless; above 1 none does, at 0 all do.
    `breath` is the noise in the pulses, `uneven` how much their heights differ, and the frames' loudness is raised to the
    power of `flatter`.
    """
    x = np.append(x[:1], x[1:] - 0.9 * x[:-1]) + 1e-6 * rng.standard_normal(len(x))
    turns = np.cumsum(hertz) / RATE
    pulses = np.diff(np.floor(turns), prepend=0) * np.sqrt(RATE / hertz)
    pulses = pulses * np.exp(uneven * rng.standard_normal(len(x))) + breath * rng.standard_normal(len(x))
    hiss = rng.standard_normal(len(x))
    window = np.hanning(FRAME + 1)[:FRAME]
    starts = range(0, len(x) - FRAME, HOP)
    frames = np.array([x[i : i + FRAME] * window for i in starts])
    y = np.zeros(len(x))
    energies = np.sum(frames**2, 1)
    energies = energies * ((energies + 1e-9) / (energies.max() + 1e-9)) ** (flatter - 1)
    for i, frame, a, energy in zip(starts, frames, predictors(frames), energies):
        crossings = np.mean(np.diff(np.signbit(frame)))
        source = hiss if crossings >= voiceless else pulses
        z = lfilter([1], a, source[i : i + FRAME]) * window
        y[i : i + FRAME] += z * np.sqrt(energy / max(np.sum(z**2), 1e-12))
    return lfilter([1], [1, -0.9], y).astype(np.float32)


def even(x, rng):
    """A voice without melody: a monotone speaker, a speech prosthesis, a machine that reads."""
    hertz = np.full(len(x), np.exp(rng.uniform(np.log(60), np.log(260))))
    wander = lfilter([0.002], [1, -0.998], rng.standard_normal(len(x)))
    hertz *= 1 + rng.choice([0, 0.01, 0.04]) * wander / max(wander.std(), 1e-9)
    y = revoiced(x, rng, hertz, rng.choice([0.25, 0.35, 2]))
    if rng.random() < 0.3:
        # The buzz of a prosthesis that leaks past the mouth.
        buzz = np.sign(np.sin(2 * np.pi * np.cumsum(hertz) / RATE)) * rng.uniform(0.01, 0.06) * np.abs(y).max()
        y = y + buzz.astype(np.float32)
    return y


def shifted(x, ratios, rng):
    """Formants moved by one of these ratios, the length kept."""
    up, down = ratios[rng.integers(len(ratios))]
    return x if up == down else tempo(resample_poly(x, up, down).astype(np.float32), up / down)


def wander(n, rng, secs):
    """A random walk around 0 of standard deviation 1 that changes within `secs`."""
    k = np.exp(-1 / (secs * RATE))
    y = lfilter([1 - k], [1, -k], rng.standard_normal(n + RATE))[RATE:]
    return y / max(y.std(), 1e-9)


def whispered(x, rng):
    """Breath in place of the voice, the mouth more open: higher formants, flatter, next to nothing at the bottom."""
    x = shifted(x, ((1, 1), (14, 15), (10, 11), (7, 8)), rng)
    y = revoiced(x, rng, np.full(len(x), 100.0), 0, flatter=rng.uniform(0.45, 1))
    # From the voice's falling spectrum to a flat or rising one.
    tilt = rng.uniform(0.2, 0.97)
    y = lfilter([1, -tilt], [1], y)
    low = rng.uniform(150, 700)
    return sosfilt(butter(rng.integers(1, 4), low, "high", fs=RATE, output="sos"), y).astype(np.float32)


def creaky(x, rng):
    """A voice that crackles: single pulses, low and irregular, some of them left out."""
    hertz = rng.uniform(22, 70) * np.exp(rng.uniform(0.1, 0.5) * wander(len(x), rng, 0.03))
    return revoiced(x, rng, np.clip(hertz, 12, 120), rng.choice([0.3, 0.4, 2]), rng.uniform(0.02, 0.3), rng.uniform(0.2, 0.9), rng.uniform(0.7, 1))


def falsetto(x, rng):
    """High and thin, with or without breath, its melody alive."""
    x = shifted(x, ((1, 1), (1, 1), (10, 11), (8, 9)), rng)
    slow, fast = wander(len(x), rng, 0.4), wander(len(x), rng, 0.06)
    hertz = rng.uniform(230, 480) * np.exp(rng.uniform(0.05, 0.3) * slow + rng.uniform(0.01, 0.05) * fast)
    y = revoiced(x, rng, np.clip(hertz, 150, 900), rng.choice([0.3, 0.4]), rng.choice([0.05, 0.2, 0.5]), 0.05)
    return sosfilt(butter(1, rng.uniform(100, 500), "high", fs=RATE, output="sos"), y).astype(np.float32)


def breathy(x, rng):
    """Half voice, half breath: hoarse, ill, out of breath."""
    hertz = rng.uniform(80, 260) * np.exp(0.15 * wander(len(x), rng, 0.3) + rng.choice([0.01, 0.08]) * wander(len(x), rng, 0.01))
    return revoiced(x, rng, np.clip(hertz, 50, 500), rng.choice([0.15, 0.25, 0.35]), rng.uniform(0.5, 2.5), rng.uniform(0, 0.5), rng.uniform(0.6, 1))


def unusual(x, rng):
    """One of the four above, and the name of it; now and then only for a part of the words."""
    does = (whispered, whispered, creaky, falsetto, breathy)[rng.integers(5)]
    y = does(np.asarray(x, np.float32), rng)
    y = y * (np.sqrt(np.mean(x**2) + 1e-12) / np.sqrt(np.mean(y**2) + 1e-12))
    if rng.random() < 0.25:
        n = min(len(x), len(y))
        part = (np.arange(n) / n < rng.uniform(0.3, 0.7)) ^ (rng.random() < 0.5)
        y = np.where(part, x[:n], y[:n])
    return y.astype(np.float32), does.__name__


def sung(x, rng):
    """Speech on a melody: notes held, most of them with vibrato, on a scale."""
    x = tempo(x, rng.uniform(0.45, 0.8))
    scale = np.array([(0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9, 12, 14)][rng.integers(3)])
    root, degree = rng.uniform(90, 260), rng.integers(7)
    beat, at = rng.uniform(0.25, 0.6), 0
    hertz = np.zeros(len(x))
    while at < len(x):
        n = int(beat * rng.choice([0.5, 1, 1, 2, 3]) * RATE)
        degree = int(np.clip(degree + rng.choice([-2, -1, -1, 0, 1, 1, 2, 4]), 0, 6))
        hertz[at : at + n] = root * 2 ** (scale[degree] / 12)
        at += n
    hertz = lfilter([0.003], [1, -0.997], hertz - hertz[0]) + hertz[0]
    t = np.arange(len(x)) / RATE
    hertz *= 1 + rng.choice([0, 0.006, 0.015, 0.03]) * np.sin(2 * np.pi * rng.uniform(4.5, 7) * t)
    return revoiced(x, rng, np.maximum(hertz, 50), rng.choice([0.3, 0.4]))


def child(x, rng):
    """Pitch and formants up by a sixth to a half, and not quite as fast as that makes it."""
    up, down = ((6, 7), (5, 6), (4, 5), (3, 4), (5, 7), (2, 3))[rng.integers(6)]
    return tempo(resample_poly(x, up, down).astype(np.float32), rng.uniform(0.72, 0.95))


def in_room(x, response):
    """Through a room's impulse response, without its delay."""
    response = response[max(0, int(np.argmax(np.abs(response))) - 8) :]
    return fftconvolve(x, response / np.sqrt(np.sum(response**2) + 1e-12))[: len(x)].astype(np.float32)
