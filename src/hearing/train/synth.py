"""Sound made by arithmetic for the training set: music, noises, rooms. 8 kHz mono, float32, seeded by the caller's generator."""

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

RATE = 8000
SCALES = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic": (0, 2, 3, 5, 7, 8, 11),
    "penta": (0, 2, 4, 7, 9),
    "blues": (0, 3, 5, 6, 7, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}


def rms(x):
    return float(np.sqrt(np.mean(np.square(x)) + 1e-12))


def level(x, dbfs):
    """Scales to an RMS level."""
    return (x * (10 ** (dbfs / 20) / max(rms(x), 1e-6))).astype(np.float32)


def band(x, low, high, order=2):
    high = min(high, 3950)
    if low <= 20:
        return sosfilt(butter(order, high, "low", fs=RATE, output="sos"), x)
    return sosfilt(butter(order, [low, high], "band", fs=RATE, output="sos"), x)


def ramp(n, attack, release):
    """An envelope that rises over `attack` and falls over `release` samples."""
    e = np.ones(n)
    a, r = min(attack, n), min(release, n)
    if a:
        e[:a] = np.linspace(0, 1, a)
    if r:
        e[-r:] *= np.linspace(1, 0, r)
    return e


def additive(freq, n, partials, decay, rng, vibrato=0.0, inharmonic=0.0):
    """Sum of partials with amplitudes `partials`; each decays `decay` times a second, higher ones faster."""
    t = np.arange(n) / RATE
    phase = 2 * np.pi * freq * t
    if vibrato:
        phase = phase + vibrato * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t + rng.uniform(0, 6))
    y = np.zeros(n)
    for k, a in enumerate(partials, 1):
        f = freq * k * np.sqrt(1 + inharmonic * k * k)
        if f > 3900:
            break
        y += a * np.sin(phase * (f / freq) + rng.uniform(0, 6.28)) * np.exp(-decay * (0.6 + 0.4 * k) * t)
    return y


def plucked(freq, n, rng, damping=0.996):
    """A plucked string: noise in a delay line."""
    p = max(2, int(RATE / freq))
    b = np.zeros(p + 2)
    b[0], a = 1, np.zeros(p + 2)
    a[0], a[p], a[p + 1] = 1, -damping / 2, -damping / 2
    x = np.zeros(n)
    x[:p] = rng.standard_normal(min(p, n))
    return lfilter([1], a, x)


def sung(freq, n, rng, vowel=None):
    """A sung vowel: glottal pulses with vibrato through three formants."""
    t = np.arange(n) / RATE
    vowels = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
    v = vowels[rng.integers(5) if vowel is None else vowel]
    depth = rng.uniform(0.003, 0.018)
    f = freq * (1 + depth * np.sin(2 * np.pi * rng.uniform(4.5, 6.8) * t) * np.minimum(1, t / 0.25))
    f = f * (1 - 0.06 * np.exp(-t / 0.04))
    ph = np.cumsum(f) / RATE
    x = np.diff(np.mod(ph, 1), prepend=0)
    x = np.where(x < -0.5, 1.0, 0.0) + 0.01 * rng.standard_normal(n)
    y = np.zeros(n)
    for k, c in enumerate(v):
        r = np.exp(-np.pi * (70 + 30 * k) / RATE)
        y += lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * c / RATE), r * r], x) * (1, 0.6, 0.3)[k]
    return y


def instrument(rng, kind):
    """A function (frequency, samples) -> note of unit level."""
    if kind == "chip":
        duty = rng.choice([0.125, 0.25, 0.5])
        wave = rng.integers(3)

        def note(f, n):
            ph = np.mod(f * np.arange(n) / RATE, 1)
            y = np.where(ph < duty, 1.0, -1.0) if wave < 2 else 4 * abs(ph - 0.5) - 1
            return y * ramp(n, 20, min(n // 2, 400)) * np.exp(-np.arange(n) / RATE * rng.uniform(0, 4))
    elif kind == "box":
        def note(f, n):
            return additive(f * 2, n, (1, 0.1, 0.35, 0.05, 0.12), rng.uniform(2, 5), rng, inharmonic=0.003) * ramp(n, 8, 200)
    elif kind == "piano":
        def note(f, n):
            p = [1 / k ** rng.uniform(0.9, 1.5) for k in range(1, 12)]
            return additive(f, n, p, rng.uniform(0.8, 2.5), rng, inharmonic=4e-4) * ramp(n, 20, 300)
    elif kind == "flute":
        def note(f, n):
            y = additive(f * rng.choice([1, 2]), n, (1, 0.25, 0.12, 0.03), 0, rng, vibrato=0.4)
            return (y + 0.12 * band(rng.standard_normal(n), 800, 3500)) * ramp(n, 500, 500)
    elif kind == "strings":
        def note(f, n):
            y = sum(additive(f * (1 + rng.normal(0, 0.003)), n, [1 / k for k in range(1, 14)], 0, rng, vibrato=0.3) for _ in range(3))
            return y * ramp(n, 900, 900) / 2
    elif kind == "organ":
        def note(f, n):
            return additive(f, n, (1, 0.8, 0.5, 0.5, 0.1, 0.3, 0, 0.3), 0, rng) * ramp(n, 60, 200)
    elif kind == "voice":
        vowel = rng.integers(5) if rng.random() < 0.4 else None

        def note(f, n):
            return sung(f * (2 if f < 150 else 1), n, rng, vowel) * ramp(n, 300, 500) * 6
    elif kind == "brass":
        def note(f, n):
            y = additive(f, n, [1 / k ** 0.7 for k in range(1, 12)], 0, rng, vibrato=0.1)
            return np.tanh(y * 0.8) * ramp(n, 350, 350)
    elif kind == "epiano":
        def note(f, n):
            t = np.arange(n) / RATE
            i = rng.uniform(0.5, 2) * np.exp(-t * 5)
            return np.sin(2 * np.pi * f * t + i * np.sin(2 * np.pi * f * rng.choice([1, 3, 7]) * t)) * np.exp(-t * 1.6) * ramp(n, 20, 300)
    else:
        def note(f, n):
            return plucked(f, n, rng, rng.uniform(0.99, 0.998)) * ramp(n, 4, 200) * 1.5
    return note


def drum(rng, kind, n=1600):
    t = np.arange(n) / RATE
    if kind == "kick":
        return np.sin(2 * np.pi * (rng.uniform(90, 140) * t + 6 * (1 - np.exp(-t * 30)))) * np.exp(-t * rng.uniform(12, 25)) * 1.5
    if kind == "snare":
        return (band(rng.standard_normal(n), 700, 3600) + 0.5 * np.sin(2 * np.pi * 190 * t)) * np.exp(-t * rng.uniform(14, 30))
    if kind == "hat":
        return band(rng.standard_normal(n), 2400, 3900) * np.exp(-t * rng.uniform(25, 90)) * 0.8
    if kind == "tom":
        return np.sin(2 * np.pi * (rng.uniform(110, 320) * t + 3 * (1 - np.exp(-t * 20)))) * np.exp(-t * 9)
    return band(rng.standard_normal(n), 900, 2600) * np.exp(-t * 60)


def put(y, note, at, gain=1.0):
    at = max(0, int(at))
    if at < len(y):
        note = note[: len(y) - at]
        y[at : at + len(note)] += gain * note


def drums(rng, n, beat):
    """A bar pattern, repeated with small changes."""
    y = np.zeros(n)
    steps = rng.choice([8, 12, 16])
    names = ["kick", "snare", "hat", "tom", "clap"]
    density = dict(zip(names, (0.3, 0.2, 0.6, rng.choice([0, 0.25]), rng.choice([0, 0.15]))))
    pattern = {k: rng.random(steps) < d for k, d in density.items()}
    pattern["kick"][0] = True
    pattern["snare"][steps // 2] = True
    gains = {k: rng.uniform(0.3, 1) for k in names}
    sounds = {k: drum(rng, k) for k in names}
    step = beat * 4 / steps
    k = 0
    while k * step < n:
        for name in names:
            if pattern[name][k % steps] != (rng.random() < 0.03):
                put(y, sounds[name], k * step + rng.normal(0, 30) + 30, gains[name] * rng.uniform(0.7, 1))
        k += 1
    return y


def melody(rng, n, beat, note, scale, root, octave, rest=0.15, lengths=(0.5, 1, 1, 2), motif=None):
    """Notes of a scale: a motif that returns, changed now and then."""
    y = np.zeros(n)
    size = rng.integers(5, 13)
    if motif is None:
        degree, motif = rng.integers(0, 7), []
        for _ in range(size):
            degree += rng.choice([-4, -2, -1, -1, 0, 1, 1, 2, 3])
            degree = int(np.clip(degree, -3, 12))
            motif.append((degree, rng.choice(lengths), rng.random() < rest))
    at, shift = 0.0, 0
    while at < n:
        for degree, length, silent in motif:
            d = degree + shift
            if rng.random() < 0.06:
                d += rng.choice([-1, 1, 2])
            semis = scale[d % len(scale)] + 12 * (d // len(scale))
            m = int(length * beat * rng.uniform(0.85, 1.15 if rng.random() < 0.1 else 1.0)) + 200
            if not silent:
                put(y, note(root * octave * 2 ** (semis / 12), min(m, 5 * RATE)), at + abs(rng.normal(0, 40)), rng.uniform(0.6, 1))
            at += length * beat
            if at >= n:
                break
        shift = rng.choice([0, 0, 1, -1, 3, -2])
    return y


def chords(rng, n, beat, note, scale, root, arpeggio):
    y = np.zeros(n)
    prog = rng.choice([0, 3, 4, 5, 1, 2], size=rng.choice([2, 4]))
    at, k = 0.0, 0
    while at < n:
        deg = [(prog[k % len(prog)] + i) for i in (0, 2, 4)] + ([prog[k % len(prog)] + 6] if rng.random() < 0.3 else [])
        freqs = [root * 2 ** ((scale[d % len(scale)] + 12 * (d // len(scale))) / 12) for d in deg]
        if arpeggio:
            seq = freqs + [freqs[1] * 2] * (rng.random() < 0.5)
            step = beat / rng.choice([2, 3, 4])
            for i in range(int(4 * beat / step)):
                put(y, note(seq[i % len(seq)], int(step * 1.6)), at + i * step, 0.7)
        else:
            for f in freqs:
                put(y, note(f, int(4 * beat * 1.05)), at, 0.5)
        at += 4 * beat
        k += 1
    return y


STYLES = ("chip", "box", "piano", "flute", "band", "drums", "ambient", "strings", "song", "acappella", "sparse", "organ", "pop", "pad")


def music(rng, dur, style=None):
    """About `dur` seconds of made-up music and its style."""
    style = style or STYLES[rng.integers(len(STYLES))]
    n = int(dur * RATE)
    beat = RATE * 60 / rng.uniform(60, 165)
    scale = SCALES[list(SCALES)[rng.integers(len(SCALES))]]
    root = 110 * 2 ** (rng.integers(0, 12) / 12) * (1 if rng.random() < 0.8 else rng.uniform(0.97, 1.03))
    oct_ = rng.choice([1, 2, 2, 4])

    def inst(*kinds):
        return instrument(rng, kinds[rng.integers(len(kinds))])

    if style in ("chip", "box", "piano", "flute", "strings", "organ"):
        y = melody(rng, n, beat, instrument(rng, style), scale, root, oct_, rest=rng.uniform(0, 0.3))
        if rng.random() < 0.65:
            y = y + rng.uniform(0.3, 0.9) * chords(rng, n, beat, instrument(rng, style), scale, root, rng.random() < 0.6)
        if style == "chip" and rng.random() < 0.6:
            y = y + 0.6 * drums(rng, n, beat)
    elif style == "drums":
        y = drums(rng, n, beat)
        if rng.random() < 0.3:
            y = y + 0.3 * melody(rng, n, beat, inst("pluck", "epiano"), scale, root, 0.5, rest=0.4)
    elif style in ("ambient", "pad"):
        slow = RATE * rng.uniform(1.5, 4)
        y = chords(rng, n, slow, inst("strings", "flute", "organ", "voice", "brass"), scale, root, False)
        sweep = 0.6 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.03, 0.3) * np.arange(n) / RATE)
        y = band(y, 20, rng.uniform(600, 3000)) * sweep
        if style == "ambient":
            y = y + 0.25 * melody(rng, n, slow, inst("box", "epiano", "pluck"), scale, root, 4, rest=0.6)
            y = y + 0.1 * rms(y) * band(rng.standard_normal(n), 200, 2500) * sweep
    elif style == "sparse":
        y = melody(rng, n, RATE * rng.uniform(0.6, 1.4), inst("piano", "pluck", "box", "epiano"), scale, root, oct_, rest=0.35, lengths=(1, 2, 3))
    elif style == "acappella":
        y = melody(rng, n, beat, instrument(rng, "voice"), scale, root, rng.choice([1, 2]), rest=0.15, lengths=(0.5, 1, 2))
        for _ in range(rng.integers(0, 3)):
            y = y + 0.6 * melody(rng, n, beat, instrument(rng, "voice"), scale, root, rng.choice([1, 2, 3]), lengths=(1, 2, 4))
    else:
        y = 0.8 * chords(rng, n, beat, inst("piano", "pluck", "strings", "organ", "epiano", "brass"), scale, root, rng.random() < 0.5)
        y = y + 0.7 * melody(rng, n, beat, instrument(rng, "pluck"), scale, root, 0.5, rest=0.1)
        lead = "voice" if style == "song" or rng.random() < 0.2 else ("chip", "flute", "piano", "pluck", "brass", "epiano")[rng.integers(6)]
        y = y + rng.uniform(0.7, 1.6) * melody(rng, n, beat, instrument(rng, lead), scale, root, rng.choice([1, 2, 4]), rest=0.25)
        y = y + rng.uniform(0.2, 1.2) * drums(rng, n, beat)
    if rng.random() < 0.5:
        y = room(y, rng, rng.uniform(0.2, 1.6), rng.uniform(0.3, 0.9))
    if rng.random() < 0.3:
        y = np.tanh(y / max(rms(y), 1e-6) * rng.uniform(0.4, 1.5))
    y = y + 10 ** (-rng.uniform(40, 70) / 20) * rms(y) * rng.standard_normal(n)
    return level(y, -26), style


def room(x, rng, rt, direct):
    """A simulated room: early reflections, then a tail that decays faster at high frequencies; `rt` seconds to -60 dB."""
    n = int(min(rt, 1.8) * RATE)
    t = np.arange(n) / RATE
    h = np.zeros(n)
    for _ in range(rng.integers(4, 14)):
        d = int(rng.uniform(0.002, 0.05) * RATE)
        if d < n:
            h[d] += rng.choice([-1, 1]) * np.exp(-6.9 * t[d] / rt) * rng.uniform(0.4, 1)
    low = band(rng.standard_normal(n), 20, 900) * np.exp(-6.9 * t / rt)
    high = rng.standard_normal(n) * np.exp(-6.9 * t / (rt * rng.uniform(0.3, 0.8)))
    h += 0.25 * (low + high)
    h /= np.sqrt((h**2).sum()) + 1e-9
    return (direct * x + (1 - direct) * fftconvolve(x, h)[: len(x)]).astype(np.float32)


def slow(rng, n, hz, depth_db):
    """A gain that wanders: `depth_db` up and down, changing about `hz` times a second."""
    k = max(4, int(n / RATE * hz) + 4)
    return 10 ** (np.interp(np.linspace(0, k - 1, n), np.arange(k), rng.normal(0, depth_db, k)) / 20)


NOISES = ("rain", "fan", "traffic", "wind", "subway", "vacuum", "hum", "cry", "static", "machine", "crowd", "white", "typing", "steps", "bark", "call", "call", "call", "engine", "cough", "tick", "waves", "helicopter", "horn", "fire")


def outcry(rng, secs):
    """A voice without words: a crying child, a rooster, a gull, a cat; pitch wanders, harmonics, a throat of two formants."""
    n = int(secs * RATE)
    knots = rng.integers(3, 8)
    contour = np.interp(np.linspace(0, knots - 1, n), np.arange(knots), rng.normal(0, rng.uniform(1, 5), knots))
    f = rng.uniform(220, 1100) * 2 ** (contour / 12) * (1 + rng.uniform(0, 0.03) * np.sin(2 * np.pi * rng.uniform(5, 30) * np.arange(n) / RATE))
    ph = 2 * np.pi * np.cumsum(f) / RATE
    tilt = rng.uniform(0.2, 1.6)
    y = sum(np.sin(k * ph) * (f * k < 3800) / k**tilt for k in range(1, 14))
    y = y + rng.uniform(0.02, 0.6) * rng.standard_normal(n)
    for c in (rng.uniform(600, 1400), rng.uniform(1500, 3200)):
        r = np.exp(-np.pi * rng.uniform(90, 400) / RATE)
        y = y + rng.uniform(0.3, 2) * lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * c / RATE), r * r], y)
    return level(y, -20) * ramp(n, int(0.04 * RATE), int(rng.uniform(0.05, 0.3) * n) + 1)


def noise(rng, dur, kind=None):
    """About `dur` seconds of made-up noise at -26 dBFS RMS and its kind."""
    kind = kind or NOISES[rng.integers(len(NOISES))]
    n = int(dur * RATE)
    t = np.arange(n) / RATE
    w = rng.standard_normal(n)
    if kind == "rain":
        y = band(w, rng.uniform(200, 900), 3900) * slow(rng, n, 0.5, 2)
        drops = np.zeros(n)
        count = int(dur * rng.uniform(5, 200))
        drops[rng.integers(0, n, count)] = rng.exponential(1, count) * rng.choice([-1, 1], count)
        y = y + rng.uniform(1, 12) * band(drops, rng.uniform(400, 1200), 3900)
    elif kind == "fan":
        y = band(w, 60, rng.uniform(500, 3000)) * slow(rng, n, 0.3, 0.7)
        f = rng.uniform(20, 180)
        for k in range(1, rng.integers(2, 9)):
            y = y + rng.uniform(0, 0.6) * rms(y) * np.sin(2 * np.pi * f * k * t * (1 + 1e-3 * np.sin(0.5 * t)) + k)
        y = y * (1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(0.5, 12) * t))
    elif kind == "traffic":
        y = band(w, 50, rng.uniform(400, 1500)) * slow(rng, n, 0.25, 5)
        y = y + 0.3 * band(rng.standard_normal(n), 600, 2500) * slow(rng, n, 0.4, 7)
    elif kind == "wind":
        y = band(w, 20, rng.uniform(200, 900), 1) * slow(rng, n, 1.5, 6)
    elif kind == "subway":
        y = band(w, 60, 1200) * slow(rng, n, 0.4, 4)
        f = rng.uniform(600, 2400) * (1 + 0.05 * np.sin(2 * np.pi * 0.2 * t))
        y = y + rng.uniform(0, 0.7) * rms(y) * np.sin(2 * np.pi * np.cumsum(f) / RATE) * (slow(rng, n, 0.5, 10) > 1.5)
        click_at = np.arange(0, n, int(RATE * rng.uniform(0.4, 1.2)))
        for c in click_at:
            put(y, band(rng.standard_normal(500), 100, 2000) * np.exp(-np.arange(500) / 90), c, 3 * rms(y))
    elif kind == "vacuum":
        y = band(w, 200, 3600)
        f = rng.uniform(150, 600) * slow(rng, n, 0.4, 0.3)
        ph = 2 * np.pi * np.cumsum(f) / RATE
        y = y + sum(rng.uniform(0.1, 0.8) / k * np.sin(k * ph) for k in range(1, 6)) * rms(y)
    elif kind == "hum":
        f = rng.choice([50, 60, 100, 120])
        y = sum(rng.uniform(0.1, 1) / k ** rng.uniform(0.3, 1) * np.sin(2 * np.pi * f * k * t + rng.uniform(0, 6)) for k in range(1, 12))
        y = y + 10 ** (-rng.uniform(5, 30) / 20) * rms(y) * w
    elif kind == "cry":
        y = 0.01 * w
        at = 0.3
        while at < dur:
            d = rng.uniform(0.4, 1.6)
            m = int(d * RATE)
            tt = np.linspace(0, 1, m)
            f = rng.uniform(320, 560) * (1 + 0.25 * np.sin(np.pi * tt) + 0.02 * np.sin(2 * np.pi * 7 * tt * d))
            ph = 2 * np.pi * np.cumsum(f) / RATE
            c = sum(a * np.sin(k * ph) for k, a in enumerate((0.6, 1, 0.8, 0.5, 0.3, 0.2), 1)) * ramp(m, 800, 1200)
            put(y, c + 0.2 * rng.standard_normal(m) * ramp(m, 800, 1200), at * RATE, rng.uniform(0.5, 1))
            at += d + rng.uniform(0.2, 1.5)
    elif kind == "static":
        y = 0.05 * w
        k = int(dur * rng.uniform(2, 60))
        y[rng.integers(0, n, k)] += rng.normal(0, 3, k)
        y = band(y, 100, 3800)
    elif kind == "machine":
        p = rng.uniform(0.15, 1.2)
        e = (0.5 + 0.5 * np.sin(2 * np.pi * t / p)) ** rng.choice([1, 4, 12])
        y = band(w, rng.uniform(60, 400), rng.uniform(800, 3500)) * (0.15 + e)
    elif kind == "crowd":
        y = np.zeros(n)
        for _ in range(8):
            y += band(rng.standard_normal(n), rng.uniform(150, 900), rng.uniform(1000, 2500)) * np.maximum(0, slow(rng, n, 5, 6) - 0.5)
    elif kind == "typing":
        y = 0.01 * w
        at = 0.0
        while at < dur:
            for _ in range(rng.integers(2, 25)):
                m = int(rng.uniform(80, 500))
                put(y, band(rng.standard_normal(m), rng.uniform(300, 1200), 3800) * np.exp(-np.arange(m) / rng.uniform(15, 80)), at * RATE, rng.uniform(0.4, 1))
                at += rng.uniform(0.06, 0.25)
            at += rng.uniform(0.2, 4)
    elif kind == "steps":
        y = 0.01 * w
        at = 0.0
        while at < dur:
            put(y, band(rng.standard_normal(1200), 60, rng.uniform(300, 1500)) * np.exp(-np.arange(1200) / 150), at * RATE, rng.uniform(0.5, 1))
            at += rng.uniform(0.35, 0.8)
    elif kind == "call":
        y = 10 ** (-rng.uniform(25, 50) / 20) * w * 0.1
        made = [outcry(rng, rng.uniform(0.15, 1.8)) for _ in range(rng.integers(1, 4))]
        at, gap = rng.uniform(0, 1), rng.uniform(0.05, 2.5)
        while at < dur:
            c = made[rng.integers(len(made))]
            put(y, c, at * RATE, rng.uniform(0.4, 1))
            at += len(c) / RATE + gap * rng.uniform(0.6, 1.5)
    elif kind == "engine":
        f = rng.uniform(18, 140) * slow(rng, n, rng.uniform(0.2, 2), rng.uniform(0.2, 1.5))
        ph = 2 * np.pi * np.cumsum(f) / RATE
        y = sum(rng.uniform(0.2, 1) * np.sin(k * ph + rng.uniform(0, 6)) for k in range(1, rng.integers(8, 30)))
        y = np.tanh(y * rng.uniform(0.2, 2)) + rng.uniform(0.1, 1) * band(w, 100, 3500)
    elif kind == "cough":
        y = 0.004 * w
        at = rng.uniform(0, 1.5)
        while at < dur:
            m = int(rng.uniform(0.12, 0.5) * RATE)
            c = rng.standard_normal(m) * np.exp(-np.arange(m) / (m * rng.uniform(0.15, 0.5))) * ramp(m, int(rng.uniform(10, 800)), 100)
            put(y, band(c, rng.uniform(200, 900), rng.uniform(1500, 3800)), at * RATE, rng.uniform(0.4, 1))
            at += rng.uniform(0.3, 5)
    elif kind == "tick":
        y = 10 ** (-rng.uniform(30, 50) / 20) * w * 0.3
        a, b = (band(rng.standard_normal(300), rng.uniform(500, 2000), 3800) * np.exp(-np.arange(300) / rng.uniform(8, 60)) for _ in "ab")
        p = rng.uniform(0.2, 1.0)
        for k in range(int(dur / p)):
            put(y, b if k % 2 else a, k * p * RATE, 1)
    elif kind == "waves":
        t0 = rng.uniform(3, 9)
        y = band(w, rng.uniform(60, 300), rng.uniform(1200, 3800)) * (0.1 + (0.5 + 0.5 * np.sin(2 * np.pi * t / t0)) ** rng.uniform(1, 4))
    elif kind == "helicopter":
        p = (0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(9, 24) * t)) ** rng.choice([2, 6, 12])
        y = band(w, 50, rng.uniform(500, 2500)) * (0.2 + p) * slow(rng, n, 0.2, 2)
    elif kind == "horn":
        y = band(w, 60, rng.uniform(600, 2500)) * slow(rng, n, 0.3, 3)
        chord = rng.uniform(180, 420) * np.cumprod(rng.choice([1, 1.19, 1.26, 1.33, 1.12], 4))
        at = rng.uniform(0, 4)
        while at < dur:
            m = int(rng.uniform(0.4, 2.5) * RATE)
            c = sum(np.sin(2 * np.pi * f * k * np.arange(m) / RATE) / k for f in chord[: rng.integers(1, 5)] for k in range(1, 5))
            put(y, level(c, -24) * ramp(m, 400, 800), at * RATE, rng.uniform(1, 5) * rms(y) / 0.06)
            at += rng.uniform(1, 14)
    elif kind == "fire":
        y = 0.05 * band(w, 100, 1500)
        count = int(dur * rng.uniform(5, 60))
        drops = np.zeros(n)
        drops[rng.integers(0, n, count)] = rng.exponential(1, count) * rng.choice([-1, 1], count)
        y = y + band(drops, rng.uniform(300, 1500), 3800) * rng.uniform(0.5, 3)
    elif kind == "bark":
        y = 0.005 * w
        at = rng.uniform(0, 1)
        while at < dur:
            for _ in range(rng.integers(1, 4)):
                m = int(rng.uniform(0.1, 0.25) * RATE)
                tt = np.linspace(0, 1, m)
                ph = 2 * np.pi * np.cumsum(rng.uniform(250, 900) * (1 + 0.6 * np.sin(np.pi * tt))) / RATE
                put(y, (np.tanh(3 * np.sin(ph)) + 0.7 * rng.standard_normal(m)) * np.sin(np.pi * tt), at * RATE, rng.uniform(0.4, 1))
                at += rng.uniform(0.2, 0.5)
            at += rng.uniform(0.5, 5)
    else:
        y = lfilter([1], [1, -rng.uniform(-0.5, 0.97)], w) * slow(rng, n, 0.2, 0.5)
    return level(y, -26), kind
