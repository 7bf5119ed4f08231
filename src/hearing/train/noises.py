"""More noises by arithmetic: what else is heard beside a handset. 8 kHz mono at -26 dBFS RMS, seeded by the caller.

Each function takes the generator and a number of samples; `KINDS` lists them. What happens again and again is laid out
by `often`: the gaps between two sounds are as random as the sounds.
"""

import numpy as np
from scipy.signal import lfilter

from synth import RATE, band, level, outcry, put, ramp, rms, slow


def often(rng, n, make, gap, floor=None):
    """Calls `make` for a sound, lays it down, waits between `gap` seconds; over a floor of soft noise."""
    y = 10 ** (-rng.uniform(30, 60) / 20) * rng.standard_normal(n) if floor is None else floor
    at = rng.uniform(0, gap[1])
    while at * RATE < n:
        x = make()
        put(y, x, at * RATE, rng.uniform(0.3, 1))
        at += len(x) / RATE + rng.uniform(*gap)
    return y


def ring(rng, hertz, secs, decay):
    """A struck body: partials that fit no harmony, each dying away."""
    n = int(secs * RATE)
    t = np.arange(n) / RATE
    return sum(rng.uniform(0.2, 1) * np.sin(2 * np.pi * hertz * f * t + rng.uniform(0, 6)) * np.exp(-t * decay * f) for f in np.cumsum(rng.uniform(0.4, 1.3, 6)) if hertz * f < 3900)


def burst(rng, secs, low, high, attack=0.002, shape=4.0):
    """Filtered noise that is struck and dies away."""
    n = max(60, int(secs * RATE))
    return band(rng.standard_normal(n), low, high) * np.exp(-shape * np.arange(n) / n) * ramp(n, int(attack * RATE), n // 8)


def voiced(rng, n, f, throat, tilt=1.0):
    """Harmonics of a wandering pitch through a throat."""
    ph = 2 * np.pi * np.cumsum(f) / RATE
    y = sum(np.sin(k * ph) * (f * k < 3800) / k**tilt for k in range(1, 20))
    for c in throat:
        r = np.exp(-np.pi * rng.uniform(80, 300) / RATE)
        y = y + rng.uniform(0.5, 3) * lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * c / RATE), r * r], y)
    return y


def steady(rng, n):
    """A steady hiss or roar: white, pink, brown, any slope, any band, now and then with a hum in it."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    f = np.maximum(np.arange(len(spectrum)) * RATE / n, 20)
    y = np.fft.irfft(spectrum * (f / 500) ** rng.choice([0, -0.5, -1, -1, rng.uniform(-1.5, 0.6)]), n)
    if rng.random() < 0.3:
        y = band(y, rng.uniform(20, 600), rng.uniform(900, 3900))
    if rng.random() < 0.15:
        y = y + rms(y) * rng.uniform(0.05, 0.4) * np.sin(2 * np.pi * rng.choice([50, 60, 100, 120]) * np.arange(n) / RATE)
    return y


def applause(rng, n):
    def clap():
        return burst(rng, rng.uniform(0.01, 0.05), rng.uniform(400, 1000), rng.uniform(1800, 3800), shape=6)

    if rng.random() < 0.4:
        return often(rng, n, clap, (0.1, rng.uniform(0.15, 0.6)))
    y = np.zeros(n)
    for _ in range(rng.integers(4, 16)):
        y += often(rng, n, clap, (0.08, 0.4), np.zeros(n))
    return y * slow(rng, n, 0.3, 4)


def laugh(rng, n):
    def bout():
        parts, f0 = [], rng.uniform(140, 420)
        for k in range(rng.integers(3, 10)):
            m = int(rng.uniform(0.08, 0.16) * RATE)
            f = f0 * (0.97**k) * np.linspace(1.15, 0.9, m)
            x = voiced(rng, m, f, (rng.uniform(600, 1000), rng.uniform(1100, 1800))) + 0.5 * rng.standard_normal(m)
            parts += [x * np.hanning(m), np.zeros(int(rng.uniform(0.03, 0.12) * RATE))]
        return level(np.concatenate(parts), -20)

    return often(rng, n, bout, (0.2, 4))


def breath(rng, n):
    """Snoring, breathing, a sleeper: noise that swells and sinks, rough or smooth."""
    rough = rng.random() < 0.5

    def one():
        m = int(rng.uniform(0.5, 1.8) * RATE)
        x = band(rng.standard_normal(m), rng.uniform(80, 500), rng.uniform(700, 3000))
        if rough:
            rate = rng.uniform(20, 70) * (1 + 0.2 * np.sin(np.linspace(0, 3, m)))
            x = x * np.maximum(0, np.sin(np.pi * np.cumsum(rate) / RATE)) ** 3
        return level(x, -20) * np.hanning(m)

    return often(rng, n, one, (0.2, 2.2))


def strokes(rng, n):
    """Brushing, sawing, sanding, wiping: two strokes that differ, a few a second."""
    a, b = ((rng.uniform(200, 1200), rng.uniform(1800, 3900)) for _ in "ab")
    pace = rng.uniform(0.08, 0.4)

    def pair():
        m = int(pace * rng.uniform(0.85, 1.2) * RATE)
        x = [band(rng.standard_normal(m), *limits) * np.hanning(m) ** rng.uniform(0.5, 2) * rng.uniform(0.4, 1) for limits in (a, b)]
        return np.concatenate(x)

    y = np.zeros(n)
    at = 0
    while at < n:
        for _ in range(rng.integers(3, 40)):
            x = pair()
            put(y, x, at)
            at += len(x)
        at += int(rng.uniform(0, 2) * RATE)
    return y + 0.01 * rng.standard_normal(n)


def water(rng, n):
    """Drops, pouring, drinking: bubbles, each a short rising tone."""
    y = 10 ** (-rng.uniform(15, 60) / 20) * band(rng.standard_normal(n), 500, 3800)
    many = rng.choice([1, 3, 30, 120]) * rng.uniform(0.7, 1.5)
    for at in np.sort(rng.integers(0, n, int(n / RATE * many) + 1)):
        m = int(rng.uniform(0.01, 0.07) * RATE)
        t = np.arange(m) / RATE
        f = rng.uniform(350, 2500) * (1 + rng.uniform(0, 12) * t)
        put(y, np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.exp(-t * rng.uniform(30, 120)), at, rng.uniform(0.1, 1))
    return y


def flush(rng, n):
    e = np.interp(np.arange(n) / RATE, [0, 0.4, rng.uniform(2, 6), rng.uniform(7, 12)], [0.05, 1, 0.7, 0.1])
    y = band(rng.standard_normal(n), rng.uniform(100, 400), rng.uniform(1500, 3800)) * e * slow(rng, n, 4, 2)
    return y + 0.3 * water(rng, n) * rms(y)


def knock(rng, n):
    f, secs = rng.uniform(90, 500), rng.uniform(0.05, 0.2)

    def some():
        gap = rng.uniform(0.1, 0.35)
        x = np.zeros(int((rng.integers(1, 7) * gap + secs) * RATE))
        for at in np.arange(0, len(x) - secs * RATE, gap * RATE):
            hit = ring(rng, f, secs, rng.uniform(15, 40)) + burst(rng, secs, 100, 2500)
            put(x, hit, at + abs(rng.normal(0, 80)), rng.uniform(0.5, 1))
        return x

    return often(rng, n, some, (0.4, 5))


def creak(rng, n):
    def one():
        m = int(rng.uniform(0.3, 2.5) * RATE)
        f = rng.uniform(15, 250) * 2 ** np.interp(np.arange(m), np.linspace(0, m, 5), rng.normal(0, 0.8, 5))
        x = np.diff(np.floor(np.cumsum(f) / RATE), prepend=0) * rng.uniform(0.4, 1, m)
        for c in (rng.uniform(300, 1200), rng.uniform(1200, 3500)):
            r = np.exp(-np.pi * rng.uniform(50, 300) / RATE)
            x = x + 3 * lfilter([1 - r], [1, -2 * r * np.cos(2 * np.pi * c / RATE), r * r], x)
        return level(x, -20) * ramp(m, 400, 800)

    return often(rng, n, one, (0.3, 4))


def clatter(rng, n):
    """Dishes, cutlery, glass, keys, cans: struck bodies in clusters."""
    bodies = [(rng.uniform(500, 2600), rng.uniform(3, 40)) for _ in range(5)]

    def some():
        x = np.zeros(int(rng.uniform(0.1, 1.5) * RATE) + RATE // 2)
        for _ in range(rng.integers(1, 14)):
            f, decay = bodies[rng.integers(5)]
            hit = ring(rng, f * rng.uniform(0.95, 1.05), 0.4, decay)
            if rng.random() < 0.5:
                hit = hit + burst(rng, 0.4, 800, 3900, shape=30)
            put(x, hit, rng.uniform(0, len(x) - RATE // 2), rng.uniform(0.2, 1))
        return x

    return often(rng, n, some, (0.05, 3))


def rustle(rng, n):
    """Paper, clothes, a bag, a hand on the handset."""
    e = np.maximum(0, slow(rng, n, rng.uniform(3, 14), 8) - rng.uniform(0.3, 1.2))
    y = band(rng.standard_normal(n), rng.uniform(60, 900), rng.uniform(1200, 3900)) * np.minimum(e, 6)
    return y * (slow(rng, n, 0.7, 6) > rng.uniform(0.4, 1)) + 0.003 * rng.standard_normal(n)


def beeps(rng, n):
    """An alarm clock, a microwave, a lorry in reverse gear; not a tone of the telephone."""
    f, on, off = rng.uniform(900, 3400), rng.uniform(0.04, 0.3), rng.uniform(0.03, 0.25)
    count, rest, hard = rng.integers(1, 6), rng.uniform(0.3, 1.5), rng.uniform(0, 3)

    def group():
        m = int(on * RATE)
        beep = np.tanh((1 + hard) * np.sin(2 * np.pi * f * np.arange(m) / RATE)) * ramp(m, 30, 60)
        return np.concatenate([np.concatenate([beep, np.zeros(int(off * RATE))]) for _ in range(count)])

    y = 10 ** (-rng.uniform(10, 40) / 20) * rng.standard_normal(n)
    x, at = group(), 0.0
    while at * RATE < n:
        put(y, x, at * RATE)
        at += len(x) / RATE + rest
    return y


def siren(rng, n):
    t = np.arange(n) / RATE
    low, high, rate = rng.uniform(350, 700), rng.uniform(800, 1700), rng.choice([0.15, 0.3, 0.6, 3])
    kind = rng.integers(3)
    wave = 0.5 + 0.5 * (np.sin(2 * np.pi * rate * t) if kind == 0 else 2 * abs((rate * t) % 1 - 0.5) * 2 - 1 if kind == 1 else np.sign(np.sin(2 * np.pi * rate * t)))
    ph = 2 * np.pi * np.cumsum(low + (high - low) * wave) / RATE
    y = (np.sin(ph) + 0.4 * np.sin(2 * ph) + 0.2 * np.sin(3 * ph)) * slow(rng, n, 0.2, 5)
    return y + rng.uniform(0.2, 1.5) * band(rng.standard_normal(n), 50, 1500)


def plane(rng, n):
    y = band(rng.standard_normal(n), rng.uniform(40, 150), rng.uniform(700, 3000)) * slow(rng, n, 0.15, 5)
    d = int(rng.uniform(4, 40))
    y = y + 0.6 * np.roll(y, d)
    f = rng.uniform(300, 1800) * slow(rng, n, 0.1, 0.4)
    return y + rng.uniform(0, 0.5) * rms(y) * np.sin(2 * np.pi * np.cumsum(f) / RATE)


def train(rng, n):
    y = band(rng.standard_normal(n), 40, rng.uniform(500, 1800)) * slow(rng, n, 0.3, 3)
    pace, at = rng.uniform(0.3, 1.0), 0.0
    while at * RATE < n:
        for k in (0, rng.uniform(0.09, 0.16)):
            put(y, burst(rng, 0.15, 80, 2400), (at + k) * RATE, rms(y) * rng.uniform(2, 8))
        at += pace
    return y


def bangs(rng, n):
    """Thunder, fireworks, slammed doors, things that fall."""
    def one():
        secs = rng.choice([0.2, 0.6, 2.5]) * rng.uniform(0.6, 1.5)
        x = burst(rng, secs, rng.uniform(30, 200), rng.uniform(300, 3000), shape=rng.uniform(3, 9))
        if rng.random() < 0.3:
            m = int(rng.uniform(0.3, 1.2) * RATE)
            f = np.linspace(rng.uniform(700, 3000), rng.uniform(700, 3000), m)
            x = np.concatenate([0.3 * np.sin(2 * np.pi * np.cumsum(f) / RATE) * ramp(m, 400, 400), x])
        return x

    return often(rng, n, one, (0.05, 5), 10 ** (-rng.uniform(15, 50) / 20) * band(rng.standard_normal(n), 50, 1500))


def birds(rng, n):
    songs = []
    for _ in range(rng.integers(1, 5)):
        song = []
        for _ in range(rng.integers(1, 8)):
            m = int(rng.uniform(0.03, 0.25) * RATE)
            f = np.clip(rng.uniform(1300, 3500) * 2 ** (rng.normal(0, 0.25) * np.linspace(-1, 1, m) + rng.uniform(0, 0.1) * np.sin(2 * np.pi * rng.uniform(15, 60) * np.arange(m) / RATE)), 900, 3800)
            song += [np.sin(2 * np.pi * np.cumsum(f) / RATE) * np.hanning(m), np.zeros(int(rng.uniform(0.01, 0.15) * RATE))]
        songs.append(np.concatenate(song))
    return often(rng, n, lambda: songs[rng.integers(len(songs))], (0.1, 3))


def insects(rng, n):
    t = np.arange(n) / RATE
    y = 0.02 * rng.standard_normal(n)
    for _ in range(rng.integers(1, 4)):
        chirp, rate = rng.uniform(15, 70), rng.uniform(0.8, 5)
        gate = np.maximum(0, np.sin(2 * np.pi * rate * t + rng.uniform(0, 6)) - rng.uniform(-1, 0.6)) > 0
        carrier = np.sin(2 * np.pi * rng.uniform(1800, 3850) * t + 2 * rng.standard_normal() * np.sin(40 * t))
        y = y + rng.uniform(0.2, 1) * carrier * np.maximum(0, np.sin(2 * np.pi * chirp * t)) * gate
    return y


def beast(rng, n):
    """Cows, pigs, sheep, crows, frogs, growls: rough deep voices."""
    deep, rough = rng.uniform(60, 450), rng.uniform(0, 0.9)

    def one():
        m = int(rng.choice([0.15, 0.5, 1.5]) * rng.uniform(0.6, 1.6) * RATE)
        f = deep * 2 ** np.interp(np.arange(m), np.linspace(0, m, 5), rng.normal(0, 0.25, 5)) * (1 + rng.uniform(0, 0.06) * np.sin(2 * np.pi * rng.uniform(6, 30) * np.arange(m) / RATE))
        x = voiced(rng, m, f, (rng.uniform(300, 900), rng.uniform(900, 2600)), rng.uniform(0.3, 1.2))
        x = x * (1 - rough + rough * np.abs(band(rng.standard_normal(m), 10, 90)) * 8) + rng.uniform(0, 1) * rng.standard_normal(m)
        return level(x, -20) * ramp(m, int(rng.uniform(100, 0.3 * m + 101)), int(0.3 * m))

    cries = [one() for _ in range(rng.integers(1, 4))]
    return often(rng, n, lambda: cries[rng.integers(len(cries))], (0.05, rng.uniform(0.2, 5)))


def sneeze(rng, n):
    def one():
        a = outcry(rng, rng.uniform(0.1, 0.5)) * 0.4
        return np.concatenate([a, np.zeros(int(rng.uniform(0, 0.2) * RATE)), level(burst(rng, rng.uniform(0.15, 0.5), rng.uniform(200, 900), rng.uniform(2000, 3900), 0.02), -18)])

    return often(rng, n, one, (0.4, 5))


def saw(rng, n):
    """A chain saw, a moped, a hedge trimmer: an engine that idles and revs."""
    t = np.arange(n) / RATE
    knots = max(3, int(n / RATE / rng.uniform(0.7, 4)))
    rev = np.interp(t, np.sort(rng.uniform(0, n / RATE, knots)), rng.choice([0, 0.1, 0.8, 1], knots))
    rev = lfilter([0.0008], [1, -0.9992], rev)
    f = rng.uniform(25, 70) * (1 + rng.uniform(1, 3.5) * rev) * slow(rng, n, 8, 0.15)
    ph = 2 * np.pi * np.cumsum(f) / RATE
    y = sum(rng.uniform(0.2, 1) * np.sin(k * ph + rng.uniform(0, 6)) * (k * f < 3800) for k in range(1, 40))
    y = np.tanh(y * rng.uniform(0.2, 1.5)) + rng.uniform(0.2, 1) * band(rng.standard_normal(n), 300, 3800)
    return y * (0.25 + rev)


def washer(rng, n):
    t = np.arange(n) / RATE
    f = rng.uniform(25, 110)
    y = sum(rng.uniform(0, 1) / k * np.sin(2 * np.pi * f * k * t * (1 + 2e-3 * np.sin(t))) for k in range(1, 20))
    slosh = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.4, 1.6) * t)
    return y + rng.uniform(0.5, 3) * band(rng.standard_normal(n), 100, rng.uniform(1200, 3000)) * (0.2 + slosh**3)


def toys(rng, n):
    """Squeaks and rattles."""
    def one():
        if rng.random() < 0.5:
            return np.concatenate([burst(rng, 0.03, 1200, 3900) for _ in range(rng.integers(2, 20))])
        m = int(rng.uniform(0.06, 0.3) * RATE)
        f = rng.uniform(500, 2200) * (1 + rng.uniform(-0.4, 0.8) * np.sin(np.pi * np.linspace(0, 1, m)))
        return level(np.tanh(2 * np.sin(2 * np.pi * np.cumsum(f) / RATE)), -20) * np.hanning(m)

    return often(rng, n, one, (0.05, 2))


KINDS = {f.__name__: f for f in (steady, applause, laugh, breath, strokes, water, flush, knock, creak, clatter, rustle, beeps, siren, plane, train, bangs, birds, insects, beast, sneeze, saw, washer, toys)}


def noise(rng, dur, kind=None):
    """About `dur` seconds of one of these noises at -26 dBFS RMS, and its kind."""
    kind = kind or ("steady" if rng.random() < 0.08 else list(KINDS)[rng.integers(len(KINDS))])
    y = KINDS[kind](rng, int(dur * RATE))
    if rng.random() < 0.3:
        y = y + 10 ** (-rng.uniform(3, 25) / 20) * rms(y) * level(steady(rng, len(y)), 0)
    return level(y, -26), kind
