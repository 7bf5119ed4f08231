"""What telephones and networks do to a voice: chains of codecs, radios, gates, gain control, loss. 8 kHz mono, float32."""

import subprocess

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

RATE = 8000
# Encoder, container and options for ffmpeg; AMR goes through sox, which has its library in Debian.
CODECS = {
    "g726-16": ("g726", "wav", ("-b:a", "16k")),
    "g726-24": ("g726", "wav", ("-b:a", "24k")),
    "g726-32": ("g726", "wav", ("-b:a", "32k")),
    "g723": ("g723_1", "wav", ("-b:a", "6300")),
    "gsm": ("libgsm_ms", "wav", ()),
    "speex": ("libspeex", "ogg", ("-b:a", "8k")),
    "opus": ("libopus", "ogg", ("-b:a", "9k", "-application", "voip")),
}
AMR_MODES = {"amr-4.75": 0, "amr-5.9": 2, "amr-7.4": 4, "amr-12.2": 7}
USUAL = ("g726-16", "g726-24", "g726-32", "g723", "gsm", "gsm", "speex", "opus", *AMR_MODES, *AMR_MODES)


def db(v):
    return 10 ** (v / 20)


def rms(x):
    return float(np.sqrt(np.mean(np.square(x)) + 1e-12))


def through(x, codec):
    """Encoded and decoded; the length stays, a codec's delay is not taken out."""
    raw = (np.clip(x, -1, 1) * 32767).astype("<i2").tobytes()
    if codec in AMR_MODES:
        form = ["-t", "s16", "-r", str(RATE), "-c", "1", "-"]
        coded = subprocess.run(["sox", "-D", *form, "-C", str(AMR_MODES[codec]), "-t", "amr-nb", "-"], input=raw, capture_output=True).stdout
        back = subprocess.run(["sox", "-D", "-t", "amr-nb", "-", *form], input=coded, capture_output=True).stdout
    else:
        encoder, form, options = CODECS[codec]
        plain = ("-f", "s16le", "-ar", str(RATE), "-ac", "1")
        quiet = ("ffmpeg", "-nostdin", "-v", "error")
        coded = subprocess.run([*quiet, *plain, "-i", "pipe:0", "-c:a", encoder, *options, "-f", form, "pipe:1"], input=raw, capture_output=True).stdout
        back = subprocess.run([*quiet, "-f", form, "-i", "pipe:0", *plain, "pipe:1"], input=coded, capture_output=True).stdout
    y = np.frombuffer(back[: len(back) // 2 * 2], "<i2").astype(np.float32) / 32768
    if len(y) < len(x) // 2:
        raise ValueError(f"{codec} gave {len(y)} of {len(x)} samples")
    return np.pad(y, (0, max(0, len(x) - len(y))))[: len(x)]


def chain(x, rng):
    """One to three codecs behind one another, and their names."""
    names = [USUAL[i] for i in rng.integers(len(USUAL), size=rng.choice([1, 2, 2, 3]))]
    for name in names:
        x = through(x, name)
    return x, "+".join(names)


def radio(x, rng):
    """A narrow voice with hiss: a door station, a walkie-talkie, a car."""
    low, high = rng.uniform(300, 700), rng.uniform(1500, 2600)
    y = sosfilt(butter(4, [low, high], "band", fs=RATE, output="sos"), x)
    peak = np.abs(y).max() + 1e-9
    y = np.tanh(y / peak * rng.uniform(1, 6)) * peak
    y *= rms(x) / max(rms(y), 1e-9)
    hiss = sosfilt(butter(2, [low, 3400], "band", fs=RATE, output="sos"), rng.standard_normal(len(x)))
    return (y + hiss * rms(x) * db(-rng.uniform(12, 30)) / rms(hiss)).astype(np.float32)


def envelope(x, secs):
    k = np.exp(-1 / (secs * RATE))
    return np.sqrt(lfilter([1 - k], [1, -k], np.square(x)) + 1e-12)


def gate(x, rng):
    """A noise gate: what is soft is turned down, words lose their beginnings and ends."""
    e = envelope(x, 0.02)
    loud = np.percentile(e, 95)
    is_open = (e > loud * db(-rng.uniform(12, 24))).astype(float)
    hold = int(rng.uniform(0.05, 0.35) * RATE)
    is_open = (np.convolve(is_open, np.ones(hold))[: len(x)] > 0).astype(float)
    gain = db(-rng.uniform(15, 60))
    return (x * (gain + (1 - gain) * lfilter([0.01], [1, -0.99], is_open))).astype(np.float32)


def gain_control(x, rng):
    """A speakerphone's gain: pauses are turned up until they are nearly as loud as the words."""
    e = envelope(x, rng.uniform(0.1, 1.0))
    most = db(rng.uniform(10, 30))
    gain = np.minimum(rms(x) / e, most) ** rng.uniform(0.5, 1)
    y = x * gain
    return (y * rms(x) / max(rms(y), 1e-9)).astype(np.float32)


def loss(x, rng):
    """Bursts of lost packets, concealed by what came before, which dies away."""
    packet = RATE // 50
    y, k, lost = x.copy(), len(x) // packet, 0
    begins, goes_on = rng.uniform(0.005, 0.05), rng.uniform(0.3, 0.8)
    for i in range(1, k):
        lost = lost + 1 if rng.random() < (goes_on if lost else begins) else 0
        if lost:
            y[i * packet : (i + 1) * packet] = y[(i - 1) * packet : i * packet] * max(0, 1 - 0.25 * lost)
    return y
