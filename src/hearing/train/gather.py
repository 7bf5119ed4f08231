"""Gathers more training sound from Debian's packages into a pool like the corpus's own.

    gather.py --out FOLDER [--debs FOLDER]

Downloads the packages of `PACKAGES` with `apt-get download` (nothing is installed), takes music, voices and noises out
of them, renders made-up tunes through their General MIDI instruments, and writes `FOLDER/pool.csv` (the corpus's
columns) and 8 kHz FLAC beside it. Needs apt-get, dpkg, ffmpeg, fluidsynth, flite; numpy, scipy, soundfile.
Every package is in Debian's main archive: free under the licence named in its table row. None of them is on the
corpus's list of sources reserved for checking.
"""

import argparse
import collections
import csv
import hashlib
import io
import math
import os
import re
import struct
import subprocess
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

RATE = 8000
# Package: (licence as its copyright file sums it up, where music lies, where noises lie, where voices lie).
PACKAGES = {
    "hedgewars-data": ("GPL-2/GFDL", r"Data/Music/", None, r"voices/(?!Singer|Robot)(\w+)/"),
    "freedroidrpg-data": ("GPL-2+/CC", r"sound/music/", None, None),
    "flare-game": ("CC-BY-SA-3.0", r"fantasycore/music/", r"soundfx/environment/", None),
    "unknown-horizons": ("GPL-2/CC-BY-SA", r"audio/music/", r"audio/sounds/[^/]*$", r"audio/voice/(\w+)/"),
    "colobot-common-sounds": ("GPL-3", r"colobot/music/", r"colobot/sounds/", None),
    "starfighter-data": ("GPL-3/CC", r"starfighter/music/", None, None),
    "xmoto-data": ("GPL-2", r"\.ogg$", None, None),
    "enigma-data": ("GPL-2", r"\.ogg$", None, None),
    "gunroar-data": ("BSD-2", r"\.ogg$", None, None),
    "mu-cade-data": ("BSD-2", r"\.ogg$", None, None),
    "noiz2sa-data": ("BSD-2", r"\.ogg$", None, None),
    "rrootage-data": ("BSD-2", r"\.ogg$", None, None),
    "pushover-data": ("GPL-3", r"\.ogg$", None, None),
    "pingus-data": ("GPL-2", r"\.(it|s3m)$", None, None),
    "tecnoballz-data": ("GPL-3", r"\.mod$", None, None),
    "fretsonfire-songs-muldjord": ("GPL/CC", r"\.ogg$", None, None),
    "fretsonfire-songs-sectoid": ("GPL/CC", r"\.ogg$", None, None),
    "nexuiz-music": ("GPL-2", r"\.ogg$", None, None),
    "ufoai-music": ("GPL-2/CC", r"\.ogg$", None, None),
    "ktuberling-data": ("GPL-2", None, None, r"sounds/(\w+)/"),
    "gcompris-qt-data": ("AGPL-3/CC", None, r"explore_farm_animals|explore_world_animals", None),
    "freedoom": ("BSD-3", r"\.mid$", None, None),
    "fluid-soundfont-gm": ("MIT", None, None, None),
    "timgm6mb-soundfont": ("GPL-2", None, None, None),
    "tuxpaint-stamps-default": ("GPL-2", None, r"stamps/(?:animals|household|naturalforces|space|vehicles)/(?!.*_desc)|seasonal/newyears", r"(?:_desc|math/\d)(?:_(\w+))?\.ogg"),
    "fillets-ng-data-cs": ("GPL-2+", None, None, r"/(cs)/\w+-([mv])-"),
    "fillets-ng-data-nl": ("GPL-2+", None, None, r"/(nl)/\w+-([mv])-"),
    "fillets-ng-data": ("GPL-2+", r"fillets-ng/music/", None, None),
    "0ad-data": ("CC-BY-SA-3.0", r"audio/music/", r"audio/(?:ambient|resource|attack/(?:destruction|fire|impact|siege)|actor/(?:fauna|gate|human/movement|mounted|ship|singlesteps))/", None),
    "megaglest-data": ("CC-BY-SA-3.0", None, r"commondata/sounds/(?:cow|horse|dragon|air|arrow|catapult|sword)|tilesets/\w+/sounds/(?!.*music)", None),
    "supertuxkart-data": ("CC-BY-SA/CC-BY/CC0", r"data/music/(?!.*(?:fast|theme))", r"/(?:airplane|anvil|ball|bowling|break|car_|clock|crash|engine|exotic|explosion|fireworks|hammer|horn|machine|metal|parachute|plunger|rain|river|skid|splash|static|steam|swatter|thunder|waterfall|wooden|cow|sheep|lenautile)\w*\.ogg", None),
    "torcs-data": ("GPL-2+/Free Art", None, r"data/sound/", None),
    "warmux-data": ("GPL-2", r"warmux/music/", r"misc/(?:box|clic|step|sink)|sound/default/weapons/(?!.*(?:music|flying))", None),
    "minetest-data": ("CC-BY-SA-3.0", None, r"/sounds/", None),
    "minetest-mod-homedecor": ("CC-BY-SA-4.0/WTFPL", None, r"/sounds/", None),
    "openttd-opensfx": ("CC-BY-SA-3.0", None, r"opensfx", None),
    "scratch": ("CC-BY-SA-3.0", None, r"Sounds/(?:Animal|Effects|Human)/", None),
    "sonic-pi-samples": ("CC0", None, r"samples/(?:vinyl|misc_|perc_(?:door|impact|snap|swash|till))", None),
}
SOUND = re.compile(r"\.(ogg|oga|opus|mp3|flac|wav|it|xm|mod|s3m)$", re.IGNORECASE)
LONGEST_TRACK, LONGEST_NOISE = 70, 30
# Noises shorter than this happen, longer ones go on (seconds); so many clips of one voice are enough.
EVENT, OF_ONE_VOICE = 3.0, 110
# General MIDI programs by what leads a tune with them; drums are a channel of their own.
LEADS = (0, 1, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 22, 24, 25, 26, 27, 40, 41, 42, 46, 48, 52, 53, 56, 57, 60, 61, 64, 65, 66, 68, 71, 73, 74, 75, 77, 78, 79, 80, 81, 82, 85, 88, 89, 91, 94, 95, 104, 105, 107, 108, 114)
SENTENCES = (
    "Hello, this is Margaret from the second floor, the printer has stopped again and I need it before noon.",
    "Please call me back as soon as you can, my number is zero nine one one, two three four, five six seven.",
    "I am calling about the invoice of last month, there seems to be a mistake in the third line.",
    "Good morning, the heating in our office is cold since Friday, could somebody have a look at it?",
    "It is me again. I have tried three times now. I will be at home until eight in the evening.",
    "The machine shows error forty two and then it starts beeping, I switched it off for now.",
    "Could you tell your colleague that the meeting has been moved to Wednesday at half past ten?",
    "My name is spelled K, O, W, A, L, S, K, I, and the contract number is eight eight one three zero.",
    "We have ordered two of them but only one has arrived, and the box was open when it came.",
    "Thank you very much for your help yesterday, everything works now, there is no need to call back.",
)


def unpack(debs, out):
    """Downloads what is missing and unpacks it, inner archives too."""
    debs.mkdir(parents=True, exist_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    missing = [p for p in PACKAGES if not list(debs.glob(p + "_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "download", *missing], cwd=debs, check=True)
    for package in PACKAGES:
        target = out / package
        if target.exists():
            continue
        subprocess.run(["dpkg", "-x", next(debs.glob(package + "_*.deb")), target], check=True)
        inner = sorted(p for p in target.rglob("*") if p.suffix in (".pk3", ".zip") and zipfile.is_zipfile(p))
        for archive in inner:
            with zipfile.ZipFile(archive) as z:
                z.extractall(str(archive) + ".d", [n for n in z.namelist() if SOUND.search(n)])
        for rcc in sorted(target.rglob("explore_*.rcc")):
            carve(rcc, Path(str(rcc) + ".d"))
        for wad in sorted(target.rglob("*.wad")):
            lumps(wad, Path(str(wad) + ".d"))
        for cat in sorted(target.rglob("*.cat")):
            riffs(cat, Path(str(cat) + ".d"))


def carve(path, folder):
    """Takes the Ogg streams out of a file that holds them unpacked."""
    data = path.read_bytes()
    folder.mkdir()
    starts = [m.start() for m in re.finditer(rb"OggS\x00\x02", data)] + [len(data)]
    for k, (a, b) in enumerate(zip(starts, starts[1:])):
        (folder / f"{k:03d}.ogg").write_bytes(data[a:b])


def riffs(path, folder):
    """Takes the WAV files out of a file that holds them unpacked."""
    data = path.read_bytes()
    folder.mkdir()
    for k, m in enumerate(re.finditer(rb"RIFF....WAVE", data, re.DOTALL)):
        size = struct.unpack("<I", m[0][4:8])[0]
        (folder / f"{k:03d}.wav").write_bytes(data[m.start() : m.start() + 8 + size])


def lumps(path, folder):
    """Takes the MIDI files out of a WAD."""
    data = path.read_bytes()
    folder.mkdir()
    count, at = struct.unpack("<2I", data[4:12])
    for k in range(count):
        offset, size, name = struct.unpack("<2I8s", data[at + 16 * k : at + 16 * k + 16])
        if data[offset : offset + 4] == b"MThd":
            (folder / (name.rstrip(b"\0").decode("ascii") + ".mid")).write_bytes(data[offset : offset + size])


def decode(path, start=0.0, longest=LONGEST_TRACK):
    """8 kHz mono samples of a file; empty if it cannot be read."""
    try:
        with soundfile.SoundFile(path) as f:
            f.seek(min(int(start * f.samplerate), max(0, f.frames - f.samplerate)))
            x = f.read(int(longest * f.samplerate), dtype="float32", always_2d=True).mean(1)
            common = math.gcd(RATE, f.samplerate)
            return resample_poly(x, RATE // common, f.samplerate // common).astype(np.float32) if len(x) else x
    except soundfile.LibsndfileError:
        pass
    p = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-t", str(longest), "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"], capture_output=True)
    return np.frombuffer(p.stdout[: len(p.stdout) // 4 * 4], "<f4")


def trimmed(x):
    """Without quiet ends; at most full scale."""
    if len(x) < RATE // 4:
        return x[:0]
    frames = np.sqrt(np.mean(x[: len(x) // 400 * 400].reshape(-1, 400) ** 2, 1))
    loud = np.flatnonzero(frames > max(frames.max() * 0.01, 1e-4))
    if not len(loud):
        return x[:0]
    x = x[loud[0] * 400 : (loud[-1] + 1) * 400]
    return x / max(1.0, np.abs(x).max() * 1.05)


def tune(rng, program, secs=45):
    """A made-up tune as a standard MIDI file: lead, chords, bass and drums, any of which may be missing."""
    scale = [(0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9), (0, 2, 3, 5, 7, 8, 11), (0, 3, 5, 6, 7, 10)][rng.integers(5)]
    bpm, root = rng.uniform(55, 165), int(rng.integers(45, 58))
    events, ticks = [], int(secs * bpm / 60 * 480)

    def pitch(degree):
        return int(np.clip(root + scale[degree % len(scale)] + 12 * (degree // len(scale)), 24, 108))

    def play(channel, at, length, key, velocity):
        events.append((int(at), 1, bytes((0x90 | channel, key, int(np.clip(velocity, 1, 127))))))
        events.append((int(at + length), 0, bytes((0x80 | channel, key, 0))))

    lead, up = rng.random() < 0.9, rng.choice([7, 7, 14])
    if lead:
        motif = [(int(d), rng.choice([240, 480, 480, 720, 960])) for d in np.cumsum(rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3], rng.integers(5, 14)))]
        at, shift, rest = 0, 0, rng.uniform(0, 0.3)
        while at < ticks:
            for degree, length in motif:
                d = int(np.clip(degree + shift + (rng.integers(-2, 3) if rng.random() < 0.1 else 0), -4, 11))
                if rng.random() > rest:
                    play(0, at, length * rng.uniform(0.6, 1.1), pitch(d + up), rng.integers(60, 115))
                at += length
            shift = int(rng.choice([0, 0, 1, -1, 2, -3]))
    progression = rng.choice([0, 3, 4, 5, 1, 2], rng.choice([2, 4, 4]))
    kind, bass, beat = rng.integers(4), rng.random() < 0.5, rng.random() < 0.4
    pattern = rng.random((4, 16)) < np.array([[0.3], [0.2], [0.6], [0.15]])
    pattern[0, 0] = True
    for bar in range(ticks // 1920 + 1):
        base, degree = bar * 1920, int(progression[bar % len(progression)])
        notes = [pitch(degree + i) for i in (0, 2, 4)]
        if kind == 1 or (kind == 0 and not lead):
            for key in notes:
                play(1, base, 1900, key, 70)
        elif kind == 2:
            for i in range(8):
                play(1, base + 240 * i, 260, notes[(0, 1, 2, 1)[i % 4]] + 12 * (i % 8 == 4), 75)
        if bass:
            for i in range(rng.choice([1, 2, 4])):
                play(2, base + 480 * i, 440, max(24, pitch(degree) - 12), 90)
        if beat:
            for row, key in enumerate((36, 38, 42, 45)):
                for i in np.flatnonzero(pattern[row]):
                    play(9, base + 120 * i, 60, key, rng.integers(60, 110))
    events.sort(key=lambda e: (e[0], e[1]))
    second = int(rng.choice(LEADS))
    track, last = bytearray(b"\x00\xff\x51\x03" + int(60e6 / bpm).to_bytes(3, "big")), 0
    for channel, number in ((0, program), (1, second if rng.random() < 0.6 else program), (2, int(rng.integers(32, 40)))):
        track += bytes((0, 0xC0 | channel, number))
    for at, _, message in events:
        delta, last = at - last, at
        size = [delta & 127]
        while delta := delta >> 7:
            size.insert(0, delta & 127 | 128)
        track += bytes(size) + message
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def synthesise(font, midi, secs, path, chorus):
    """A MIDI file through a sound font."""
    effects = ["-R", str(chorus), "-C", str(chorus)]
    subprocess.run(["fluidsynth", "-ni", "-q", "-r", "16000", "-g", "0.6", *effects, "-F", path, "-T", "wav", font, midi], capture_output=True, timeout=120)
    return decode(path, longest=secs) if os.path.exists(path) else np.zeros(0, np.float32)


class Pool:
    """Clips in a folder. What lies there from an earlier run is not made again."""

    def __init__(self, out):
        self.out, self.rows, self.count = out, [], collections.Counter()
        (out / "audio").mkdir(parents=True, exist_ok=True)

    def add(self, kind, source, group, lang, licence, made, shortest):
        """One clip; `made` gives its samples."""
        self.count[source, group] += 1
        name = hashlib.md5(f"{source} {group} {self.count[source, group]}".encode()).hexdigest()[:12] + ".flac"
        path = self.out / "audio" / name
        if not path.exists():
            x = trimmed(made())
            if len(x) < shortest * RATE:
                return
            soundfile.write(path, x, RATE, subtype="PCM_16")
        dur = soundfile.info(path).duration
        if kind == "noise_other" and dur < EVENT:
            kind = "noise_event"
        self.rows.append({"path": str(path.resolve()), "kind": kind, "source": source, "group": f"{source}_{group}", "lang": lang, "licence": licence, "dur": round(dur, 2)})

    def write(self):
        with open(self.out / "pool.csv", "w", newline="") as f:
            w = csv.DictWriter(f, ["path", "kind", "source", "group", "lang", "licence", "dur"])
            w.writeheader()
            w.writerows(self.rows)


def from_packages(pool, root):
    for package, (licence, music, noise, voice) in PACKAGES.items():
        files = sorted(p for p in (root / package).rglob("*") if p.is_file() and not p.is_symlink() and SOUND.search(p.name))
        spoken = collections.Counter()
        for p in files:
            inside = str(p.relative_to(root))
            if music and re.search(music, inside):
                start = 12.0 if p.stat().st_size > 900_000 and p.suffix == ".ogg" else 0.0
                pool.add("music", package, p.stem, "", licence, partial(decode, p, start), 9)
            elif noise and re.search(noise, inside):
                pool.add("noise_other", package, p.stem, "", licence, partial(decode, p, longest=LONGEST_NOISE), 0.1)
            elif voice and (m := re.search(voice, inside)):
                who = "_".join(g or "en" for g in m.groups())
                word = package == "ktuberling-data" or "/math/" in inside
                spoken[who, word] += 1
                if spoken[who, word] <= OF_ONE_VOICE or package in ("hedgewars-data", "ktuberling-data"):
                    pool.add("word" if word else "speech", package, who, who.split("_")[0] if len(who) < 6 else "", licence, partial(decode, p, longest=20), 0.3)
        print(package, sum(r["source"] == package for r in pool.rows), flush=True)


def from_notes(pool, root, work):
    rng = np.random.default_rng(5)
    fonts = [next((root / "fluid-soundfont-gm").rglob("FluidR3_GM.sf2")), next((root / "timgm6mb-soundfont").rglob("*.sf2"))]
    wav = str(work / "tune.wav")
    for p in sorted((root / "freedoom").rglob("*.mid")):
        pool.add("music", "freedoom", p.stem, "", "BSD-3", partial(synthesise, fonts[rng.integers(2)], str(p), 60, wav, 1), 9)
    for k in range(len(LEADS)):
        program = LEADS[k]
        (work / "tune.mid").write_bytes(tune(rng, program))
        made = partial(synthesise, fonts[rng.integers(2)], str(work / "tune.mid"), 45, wav, int(rng.random() < 0.5))
        pool.add("music", "made-tunes", f"{program:03d}_{k}", "", "made here; instruments MIT or GPL-2", made, 9)
    print("tunes", len(pool.rows), flush=True)


def spoken(voice, sentence):
    """A sentence by flite; empty where it fails."""
    p = subprocess.run(["flite", "-voice", voice, "-t", sentence, "-o", "/dev/stdout"], capture_output=True)
    try:
        x, rate = soundfile.read(io.BytesIO(p.stdout), dtype="float32")
    except soundfile.LibsndfileError:
        return np.zeros(0, np.float32)
    return resample_poly(x, RATE, rate).astype(np.float32)


def from_text(pool):
    for voice in ("kal16", "awb", "rms", "slt"):
        for sentence in SENTENCES:
            pool.add("speech", "flite", voice, "en", "BSD-like (CMU)", partial(spoken, voice, sentence), 1)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", type=Path, required=True)
    ap.add_argument("--debs", type=Path)
    a = ap.parse_args()
    debs, root = a.debs or a.out / "debs", a.out / "unpacked"
    unpack(debs, root)
    pool = Pool(a.out)
    from_packages(pool, root)
    from_notes(pool, root, a.out)
    from_text(pool)
    pool.write()
    print(len(pool.rows), "clips,", round(sum(r["dur"] for r in pool.rows) / 3600, 2), "h")


main()
