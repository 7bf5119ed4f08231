"""Renders labelled telephone calls for training and validation: the corpus's own renderer, with more of everything.

    calls.py --corpus FOLDER --out FOLDER --seed N --scale F --side train|valid|all|left [--fold 0|1|2] [--without K]
        [--extra FOLDER] [--only KINDS] [--prefix P]

Needs the corpus folder (pool/, pool.csv, pool2/, pool2.csv, render.py), sox, ffmpeg, espeak-ng (optional), numpy, scipy, soundfile.
A source group (speaker, track, noise clip) belongs to one side for ever: see `side_of`. `--extra` adds the pool that
`gather.py` made, for training alone. `--side valid` renders as the corpus does, without anything of ours. `--only` names the kinds of call to render.
Three folds: what validates in one trains in the others, and most of the groups train in all of them. There are two
sources of prompts; those of fold 0 validate in fold 2 as well. The second pool is on the training side in all of them.
`--without K` leaves the sources of `LEFT_OUT[K]` out, whole; `--side left` renders from those alone.
"""

import argparse
import collections
import csv
import hashlib
import json
import os
import subprocess
import sys

import numpy as np
from scipy.io import wavfile
from scipy.signal import lfilter, resample_poly

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import hard  # noqa: E402
import lines  # noqa: E402
import noises  # noqa: E402
import synth  # noqa: E402
import voices  # noqa: E402

RATE = 8000
# By fold: sources and groups that validate, and sources that train, where one hash of few names would not be fair.
VALID_SOURCES = (
    {"festvox-ru", "asterisk-core-sounds-fr-wav"},
    {"asterisk-core-sounds-en-wav"},
    {"kerstin", "asterisk-core-sounds-fr-wav"},
)
VALID_GROUPS = (
    {"ami_dev00", "sc_doing_the_dishes.wav", "blanket_train", "blanket_boat", "click", "kl_nl", "kl_cs"},
    {"ami_trn03", "blanket_coffee-shop", "blanket_city", "blanket_rain", "blanket_fireplace", "blanket_white-noise", "kl_de", "kl_fr"},
    {"sc_exercise_bike.wav", "blanket_storm", "blanket_birds", "blanket_waves", "blanket_wind", "blanket_summer-night", "blanket_pink-noise", "kl_en", "kl_pt_BR"},
)
BY_HAND = {"festvox-ru", "kerstin", "asterisk-core-sounds-en-wav", "asterisk-core-sounds-fr-wav", "klettres", "bucklespring", "blanket", "ami", "speechcmd"}
# Sources of the second pool that are left out together, whole. Songs go where their voices come from.
LEFT_OUT = (
    {"commonvoice", "sung-commonvoice", "kitchen20", "midi-freepats", "picovoice-wake", "adonthell-data", "chromium-bsu-data", "freedink-data", "heroes-sound-tracks", "heroes-sound-effects-fx", "lomiri-sounds", "midi-fx"},
    {"african-storybook", "radae", "nit-song", "lmms", "cdda-cc-sounds", "donateacry", "midi-csoundgm", "arabic-commands", "freeorion-data", "gigalomania-data", "glob2-data", "hannah-data", "holotz-castle-data", "mazeofgalious-data"},
    {"picovoice-intent", "lpcnet", "mfa", "mechvibes", "jl-doors", "voxelibre", "scaper", "dspspeech20", "uzu-drumkit", "vocobox", "ultrastar-songs", "naev-data", "naev-data-fx", "njam-data", "openclonk-data", "parsec47-data", "pax-britannica-data", "plee-the-bear-data", "plee-the-bear-data-fx", "powermanga-data"},
    {"ohf-voices", "vctk", "sms-tools", "esc50", "etw-data-fx", "redeclipse-data", "redeclipse-data-fx", "searchandrescue-data", "searchandrescue-data-fx", "scorched3d-data", "scorched3d-data-fx", "boswars-data", "boswars-data-fx", "cube2-data", "cube2-data-fx", "brainparty-data", "solarwolf", "tomatoes-data", "torus-trooper-data", "tuxmath-data", "val-and-rick-data"},
)
# Measured rooms are left out in all of them: the rooms of the training are simulated.
LEFT_OUT_ROOMS = {"surrey-brir", "spatialaudio", "sms-tools"}
LANGUAGES = ("de", "en-gb", "fr", "es", "it", "tr", "pl", "nl", "sv", "cs", "hu", "pt", "ar", "hi", "cmn", "fi", "ro", "el", "vi", "yue", "da", "nb", "id", "fa", "sw", "ta", "uk", "hr")


def side_of(row, fold):
    """Which side a pool row belongs to. Sources of few groups are placed by hand, the rest by hash: a fifth validates."""
    source, group = row["source"], row["group"]
    if source in VALID_SOURCES[fold] or group in VALID_GROUPS[fold]:
        return "valid"
    if source in BY_HAND:
        return "train"
    if source == "supertux-data":
        group = group.replace("_old", "").rstrip("0123456789").split("_")[0] + group[14:18]
    h = int(hashlib.md5(group.encode()).hexdigest()[:8], 16)
    return "valid" if h % 5 == fold else "train"


def drawn_as(row):
    """What a manifest calls a clip's source: rooms stand apart, and what came from the second pool is marked."""
    return ("2/" if second_pool(row) else "") + row["source"] + (":rir" if row["kind"] == "rir" else "")


def second_pool(row):
    return "pool2/" in row["path"]


def left_out(source, fold):
    """Whether a source, as `drawn_as` names it, is one of those that a fold leaves out whole; beyond the folds all are."""
    second, name = source.startswith("2/"), source.removeprefix("2/")
    return second and (fold >= len(LEFT_OUT) or name in LEFT_OUT[fold] or name.endswith(":rir") and name[:-4] in LEFT_OUT_ROOMS)


def load_renderer(corpus, out, seed, scale, side, fold, without, prefix):
    """The corpus's renderer as a namespace, restricted to one side's clips."""
    rows = list(csv.DictReader(open(f"{corpus}/pool.csv")))
    if side != "valid":
        rows += csv.DictReader(open(f"{corpus}/pool2.csv"))

    def wanted(r):
        gone = without is not None and left_out(drawn_as(r), without)
        if side == "left":
            return gone
        return not gone and (side == "all" or side == ("train" if second_pool(r) else side_of(r, fold)))

    rows = [r | {"path": os.path.join(corpus, r["path"])} for r in rows if wanted(r)]
    os.makedirs(out, exist_ok=True)
    with open(f"{out}/pool.csv", "w", newline="") as f:
        w = csv.DictWriter(f, ["path", "kind", "source", "group", "lang", "licence", "dur"])
        w.writeheader()
        w.writerows(rows)
    text = open(f"{corpus}/render.py").read()
    text = text[: text.rindex("main()")]
    argv = sys.argv
    sys.argv = ["render", "--out", out, "--seed", str(seed), "--scale", str(scale), "--pool", f"{out}/pool.csv"]
    if prefix:
        sys.argv += ["--prefix", prefix]
    ns = {"__name__": "renderer", "__file__": f"{corpus}/render.py"}
    exec(compile(text, "render.py", "exec"), ns)
    sys.argv = argv
    if side != "valid":
        add_second_pool(ns, side)
    watch_sources(ns)
    return ns


def watch_sources(ns):
    """Keeps in `DRAWN` which sources a call was made from, so that training can leave sources out later."""
    load, drawn = ns["load"], ns.setdefault("DRAWN", set())
    source_of = {r["path"]: drawn_as(r) for rows in ns["BY"].values() for r in rows}

    def watched(path):
        drawn.add(source_of.get(path, "extra"))
        return load(path)

    ns["load"] = watched


def add_second_pool(ns, side):
    """What the renderer does not know of the second pool: songs and beats are music, and how often a source is drawn."""
    for kind in ("vocal", "drums", "singing"):
        for r in ns["BY"][kind]:
            ns["MS"][f"{r['source']}:{kind}"].append(r)
    ns["MW"].update({s: 0.3 + 0.12 * len(rows) for s, rows in ns["MS"].items() if s not in ns["MW"]})
    ns["WEIGHT"].update({"commonvoice": 9, "african-storybook": 2, "picovoice-intent": 3, "ohf-voices": 1.5, "radae": 1, "lpcnet": 0.3, "mfa": 0.3})
    if side == "left":
        ns["WEIGHT"].update({s: 1 + 0.02 * len(groups) for s, groups in ns["SRC"].items()})
        # Few of these speakers said much: their messages are as long as what there is of them.
        pick = ns["pick_group"]
        ns["pick_group"] = lambda rng, mindur=0, src=None: pick(rng, min(mindur, 7), src)
        # Announcements by voices that are left out, too.
        ns["BY"]["prompt"] = ns["BY"]["prompt"] or [r for r in ns["BY"]["speech"] if 2 < r["dur"] < 9][::7]


def add_pool(ns, folder):
    """Puts another pool's clips beside the corpus's; big sources are drawn more often."""
    extra = set()
    for r in csv.DictReader(open(f"{folder}/pool.csv")):
        r["dur"] = float(r["dur"])
        ns["BY"][r["kind"]].append(r)
        if r["kind"] == "speech":
            if not ns["GR"][r["group"]]:
                ns["SRC"][r["source"]].append(r["group"])
            ns["GR"][r["group"]].append(r)
        elif r["kind"] == "music":
            ns["MS"][r["source"]].append(r)
            extra.add(r["source"])
    for source in extra:
        ns["MW"][source] = min(7.0, 0.25 + 0.12 * len(ns["MS"][source]))
    ns["WEIGHT"].update({"hedgewars-data": 1.5, "tuxpaint-stamps-default": 3.0, "fillets-ng-data-cs": 1.0, "fillets-ng-data-nl": 1.0})


def extend(ns, share, side):
    """Puts synthesised sources, stronger channels and more scenarios into the renderer; `share` of sources are synthetic."""
    db, rms, norm, trim = ns["db"], ns["rms"], ns["norm"], ns["trim"]
    pool_music, pool_noise, pool_speech, pool_channel = ns["music"], ns["noise"], ns["speech"], ns["channel"]
    Call, lev, lab_speech, meeting = ns["Call"], ns["lev"], ns["lab_speech"], ns["meeting"]

    def music(rng, dur, src=None):
        if rng.random() < share:
            y, style = synth.music(rng, dur)
            return y, {"group": "synth_" + style, "source": "synth"}
        if ns["BY"]["singing"] and rng.random() < 0.12:
            return song(rng, dur)
        y, r = pool_music(rng, dur, src)
        if rng.random() < 0.6:
            y = stretched(y, rng, [(4, 5), (9, 10), (15, 16), (16, 15), (10, 9), (5, 4)], dur)
        if rng.random() < 0.05:
            y = y[::-1].copy()
        if rng.random() < 0.1:
            y = synth.level(y * synth.slow(rng, len(y), rng.uniform(0.1, 1), rng.uniform(1, 5)), -26)
        return y, r

    def song(rng, dur):
        """A singer, most of the time before music."""
        if rng.random() < 0.6:
            x, who, *_ = pool_speech(rng, min(dur, 20) * 0.6, mindur=3)
            x = voices.sung(x, rng)
        else:
            r = (ns["BY"]["singing"] + ns["BY"]["vocal"])[rng.integers(len(ns["BY"]["singing"] + ns["BY"]["vocal"]))]
            x, who = ns["load"](r["path"]), r["group"]
        n = int(dur * RATE)
        y = np.tile(norm(x), int(np.ceil(n / max(len(x), 1))) + 1)[:n]
        if rng.random() < 0.75:
            m, r = pool_music(rng, dur)
            y, who = y + m[:n] * db(rng.uniform(-12, 6)), f"{who}+{r['group']}"
        if rng.random() < 0.3:
            y = synth.room(y, rng, rng.uniform(0.4, 1.6), rng.uniform(0.4, 0.9))
        return synth.level(y, -26), {"group": who, "source": "song"}

    def stretched(y, rng, ratios, dur):
        up, down = ratios[rng.integers(len(ratios))]
        y = resample_poly(y, up, down).astype(np.float32)
        return np.tile(y, 2)[: int(dur * RATE)]

    def noise(rng, dur, kinds=("noise_office", "noise_other", "noise_street"), p=(0.6, 0.25, 0.15)):
        if not share:
            # Spent as ever, so that a seed gives the calls that the figures are about.
            rng.random()
            have = [(k, q) for k, q in zip(kinds, p) if ns["BY"][k]] or [("noise_other", 1.0)]
            return pool_noise(rng, dur, tuple(k for k, _ in have), tuple(q for _, q in have))
        y, k = one_noise(rng, dur, kinds)
        if rng.random() < 0.25:
            z, k2 = one_noise(rng, dur, kinds)
            y, k = y + db(rng.uniform(-15, 0)) * z, k + "+" + k2
        if rng.random() < 0.4:
            f, q = rng.uniform(200, 3500), rng.uniform(0.3, 0.9)
            y = lfilter([1, rng.uniform(-0.8, 0.8)], [1, -2 * q * np.cos(2 * np.pi * f / RATE), q * q], y)
        return synth.level(y, -26), {"group": k, "source": "noise"}

    def one_noise(rng, dur, kinds):
        r = rng.random()
        if r < share * 1.3:
            if rng.random() < 0.15:
                return babble(rng, dur), "synth_babble"
            y, k = (synth if rng.random() < 0.4 else noises).noise(rng, dur)
            return y, "synth_" + k
        if r < share * 1.3 + 0.2 and ns["BY"]["noise_event"]:
            return events(rng, dur)
        # The corpus has few noises of offices and streets: more of the others, lest they be learnt by heart.
        kinds = [k for k in kinds if ns["BY"][k]]
        if len(kinds) != 1 or rng.random() < 0.4:
            kinds = ["noise_other"] * 5 + kinds
        y, r = pool_noise(rng, dur, (kinds[rng.integers(len(kinds))],), (1.0,))
        if rng.random() < 0.8:
            y = stretched(y, rng, [(1, 2), (2, 3), (3, 4), (7, 8), (8, 7), (4, 3), (3, 2), (2, 1)], dur)
        if rng.random() < 0.2:
            y = y[::-1].copy()
        return synth.level(y, -26), r["group"]

    def events(rng, dur):
        """Short sounds of the pool again and again, over a soft floor."""
        rows = ns["BY"]["noise_event"]
        some = [rows[i] for i in rng.integers(len(rows), size=rng.integers(1, 4))]
        sounds = [norm(resample_poly(ns["load"](r["path"]), *((1, 1), (3, 4), (4, 3), (9, 10), (10, 9))[rng.integers(5)]).astype(np.float32)) for r in some]
        longest = rng.uniform(0.1, 3)
        y = noises.often(rng, int(dur * RATE), lambda: sounds[rng.integers(len(sounds))], (0.02, longest))
        if rng.random() < 0.4:
            y = synth.room(y, rng, rng.uniform(0.2, 1.2), rng.uniform(0.2, 0.9))
        return synth.level(y, -26), "+".join(sorted({r["group"] for r in some}))

    def babble(rng, dur):
        n = int(dur * RATE)
        y = np.zeros(n, np.float32)
        for _ in range(rng.integers(3, 8)):
            x, *_ = pool_speech(rng, min(dur, 20), mindur=3)
            x = np.tile(x, int(np.ceil(n / len(x))) + 1)
            y += np.roll(x, rng.integers(len(x)))[:n] * db(rng.uniform(-8, 0))
        return synth.level(synth.room(y, rng, rng.uniform(0.4, 1.5), rng.uniform(0.05, 0.4)), -26)

    def espeak(rng, dur):
        lang = LANGUAGES[rng.integers(len(LANGUAGES))]
        voice = lang + rng.choice(["", "+f2", "+m3", "+f4", "+m7", "+f5", "+m1"])
        letters = "aeiounrstlmkdpbgvhfz"
        words = ["".join(rng.choice(list(letters), rng.integers(2, 9))) for _ in range(int(dur * 2.4) + 3)]
        text = " ".join(w + ("," if rng.random() < 0.15 else "") for w in words)
        p = subprocess.run(["espeak-ng", "-v", voice, "-s", str(rng.integers(120, 200)), "-p", str(rng.integers(20, 80)), "--stdout", text], capture_output=True)
        x = np.frombuffer(p.stdout[44:], "<i2").astype(np.float32) / 32768
        if len(x) < RATE:
            return None
        x = resample_poly(x, 160, 441).astype(np.float32)
        return norm(x[: int(dur * RATE)]), "synth_espeak", lang, "synth"

    def speech(rng, dur, group=None, pause=(0.25, 0.9), src=None, mindur=None):
        if group is None and rng.random() < share * 0.2:
            made = espeak(rng, dur)
            if made:
                return made
        y, g, lang, s = pool_speech(rng, dur, group, pause, src, mindur)
        if rng.random() < share * 1.8:
            up, down = [(6, 7), (7, 6), (8, 9), (9, 8), (10, 11), (11, 10), (14, 15), (15, 14)][rng.integers(8)]
            y = norm(resample_poly(y, up, down).astype(np.float32))
        if rng.random() < share * 0.35:
            y = norm(voices.child(y, rng))
        if rng.random() < share * 0.15:
            y = norm(voices.even(y, rng))
        if ns["BY"]["rir"] and rng.random() < share * 0.6:
            y = norm(voices.in_room(y, response(rng)))
        elif rng.random() < share * 0.4:
            y = norm(synth.room(y, rng, rng.uniform(0.1, 0.45), rng.uniform(0.6, 0.95)))
        return y, g, lang, s

    def response(rng):
        rows = ns["BY"]["rir"]
        return ns["load"](rows[rng.integers(len(rows))]["path"])

    pool_reverb = ns["reverb"]

    def reverb(x, rng, rt=0.5):
        if rng.random() < 0.6:
            return pool_reverb(x, rng, rt)
        y = synth.room(x, rng, rng.uniform(0.3, 1.3), rng.uniform(0.0, 0.3))
        return synth.band(y, rng.choice([60, 200]), rng.uniform(1500, 3400)).astype(np.float32)

    def channel(c, rng, level, ref=-26, nofx=False):
        x = c.x
        if share and (c.notes.pop("wide", False) or rng.random() < 0.1):
            # A line without a telephone's band: software to software.
            x = x * db(level - ref) + db(rng.uniform(-90, -60)) * rng.standard_normal(len(x))
            law = (ns["alaw"], ns["ulaw"])[rng.integers(2)]
            c.x = np.asarray(law(np.clip(x, -1, 1)), np.float32)
            c.notes.update(level=round(float(level), 1), band="all")
            return -60
        if share and not nofx:
            if rng.random() < 0.15:
                g = db(rng.uniform(6, 24))
                x = np.tanh(x * g * 4) / (g ** 0.5 * 4)
                c.notes["overdrive"] = True
            if rng.random() < 0.15:
                x = ns["gsm"](x * 0.7) / 0.7 if rng.random() < 0.6 else ns["ulaw"](np.clip(x * 0.5, -1, 1)) * 2
                c.notes["tandem"] = True
            if rng.random() < 0.25:
                f, q = rng.uniform(300, 3300), rng.uniform(0.5, 0.95)
                b, a = [1, -2 * q * 0.7 * np.cos(2 * np.pi * f / RATE), (q * 0.7) ** 2], [1, -2 * q * np.cos(2 * np.pi * f / RATE), q * q]
                x = lfilter(b, a, x)
                x = x * (rms(c.x) / max(rms(x), 1e-6))
            if rng.random() < 0.1:
                e = np.sqrt(lfilter([0.001], [1, -0.999], np.square(x)) + 1e-9)
                x = x * db(-26) / np.maximum(e, db(-46)) * 0.7
                c.notes["gain_control"] = True
            for does, p in ((lines.gain_control, 0.06), (lines.gate, 0.05), (lines.radio, 0.04), (lines.loss, 0.05)):
                if rng.random() < p:
                    x = does(np.asarray(x, np.float32), rng)
                    c.notes[does.__name__] = True
            if rng.random() < 0.12:
                x, c.notes["chain"] = lines.chain(np.asarray(x, np.float32), rng)
        if share and rng.random() < 0.3:
            level = level + rng.uniform(-9, 14)
        c.x = np.asarray(x, np.float32)
        floor = pool_channel(c, rng, float(np.clip(level, -46, -3)), ref, nofx)
        if share and not nofx and rng.random() < 0.05:
            c.x = np.clip(c.x * db(rng.uniform(0, 18)), -1, 1)
            c.notes["clipped"] = True
        return floor

    if not share:
        if side == "left":
            hard.add(ns)
        # Only what keeps the renderer from failing where a side lacks a kind of noise.
        ns.update(noise=noise)
        return
    ns.update(music=music, noise=noise, speech=speech, reverb=reverb, channel=channel)
    # Announcements by more voices than the prompts have.
    announcers = [r for r in ns["BY"]["speech"] if 2 < r["dur"] < 9]
    ns["BY"]["prompt"] += announcers[:: max(1, len(announcers) // 60)]

    def talk(rng, dur, tail=(0.5, 3)):
        y, g, lang, s = speech(rng, dur)
        t = rng.uniform(0.2, 1.5)
        c = Call(t + len(y) / RATE + rng.uniform(*tail))
        c.put(y, t)
        lab_speech(c, y, t)
        c.src.append(g)
        return c

    def t_loud(rng):
        c = talk(rng, rng.uniform(7, 30))
        n, r = noise(rng, c.dur)
        c.put(n, 0, db(-rng.uniform(-4, 10)))
        c.src.append(r["group"])
        return c, "message", "noise", ["silence", "speech"], lev(rng)

    def t_loud_radio(rng):
        c = talk(rng, rng.uniform(7, 30))
        n, r = music(rng, c.dur)
        c.put(n, 0, db(-rng.uniform(1, 14)))
        c.src.append(r["group"])
        return c, "message", "music", ["speech", "silence", "noise"], lev(rng)

    def t_noise_only(rng):
        d, quiet = rng.uniform(8, 50), rng.uniform(0.5, 6) if rng.random() < 0.4 else 0
        c = Call(quiet + d)
        n, r = noises.noise(rng, d, "steady") if rng.random() < 0.15 else noise(rng, d)
        lv = rng.uniform(-44, -12)
        c.put(n, quiet)
        c.label(0, quiet, "silence", ["noise"])
        c.src.append(r if isinstance(r, str) else r["group"])
        return c, "aside", "noise", ["silence"], lv

    def t_steady(rng):
        """A hiss or a roar and nothing else, at every level, also on lines that let its lowest rumble through."""
        d, quiet = rng.uniform(8, 30), rng.uniform(0.5, 6) if rng.random() < 0.5 else 0
        c = Call(quiet + d)
        c.put(noises.noise(rng, d, "steady")[0], quiet)
        c.label(0, quiet, "silence", ["noise"])
        c.src.append("synth_steady")
        c.notes["wide"] = rng.random() < 0.6
        return c, "aside", "noise", ["silence"], rng.uniform(-46, -10)

    def t_keys(rng):
        c = talk(rng, rng.uniform(4, 14), (4, 9))
        t = c.dur - rng.uniform(3, 6)
        rows, cols = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
        while t < c.dur - 0.4:
            d = rng.uniform(0.06, 0.35)
            c.put(ns["tone"]([rows[rng.integers(4)], cols[rng.integers(4)]], d) * synth.ramp(int(d * RATE), 20, 20)[: int(d * RATE)], t, db(-rng.uniform(8, 24)))
            c.label(t, t + d, "noise", ["tone", "silence", "speech"])
            t += d + rng.uniform(0.05, 0.7)
        return c, "message", "silence", [], lev(rng)

    def t_tv(rng):
        d = rng.uniform(15, 60)
        c = Call(d)
        y, g, *_ = speech(rng, d * 0.8)
        y = norm(reverb(y, rng), -26)
        c.put(y, rng.uniform(0, 3))
        if rng.random() < 0.5:
            m, r = music(rng, d)
            c.put(reverb(m, rng), 0, db(-rng.uniform(0, 15)))
        n, r = noise(rng, d)
        c.put(n, 0, db(-rng.uniform(3, 20)))
        c.src += [g, r["group"]]
        c.label(0, d, "noise", ["silence", "speech"] if rng.random() < 0.5 else ["silence"])
        return c, "aside", "noise", ["silence"], rng.uniform(-46, -30)

    def t_digits_only(rng):
        y, g = ns["words"](rng, int(rng.integers(6, 14)), (0.2, 1.3))
        c = Call(0.8 + len(y) / RATE + rng.uniform(0.5, 3))
        c.put(y, 0.8)
        lab_speech(c, y, 0.8)
        c.src.append(g)
        if rng.random() < 0.4:
            n, r = noise(rng, c.dur)
            c.put(n, 0, db(-rng.uniform(6, 25)))
            c.src.append(r["group"])
            return c, "message", "noise", ["silence", "speech"], lev(rng)
        return c, "message", "silence", [], lev(rng)

    def t_echo(rng):
        c = talk(rng, rng.uniform(4, 15), (4, 12))
        P = ns["BY"]["prompt"]
        y = norm(trim(ns["load"](P[rng.integers(len(P))]["path"])))[: 6 * RATE]
        y = synth.band(synth.room(y, rng, 0.3, 0.3), 300, 3000) * db(rng.uniform(-34, -20))
        at = rng.uniform(0, max(0.1, c.dur - len(y) / RATE))
        c.put(y, at)
        c.seg.insert(0, (at, min(at + len(y) / RATE, c.dur), "silence", ["noise", "speech"]))
        return c, "message", "silence", [], lev(rng)

    def t_gaps(rng):
        """Hold music that comes and goes."""
        d = rng.uniform(20, 60)
        c = Call(d)
        m, r = music(rng, d)
        e = np.ones(len(m), np.float32)
        t = rng.uniform(4, 15)
        while t < d - 2:
            g = rng.uniform(0.3, 2.5)
            e[int(t * RATE) : int((t + g) * RATE)] = 0
            c.seg.append((round(t, 3), round(t + g, 3), "silence", ["music"]))
            t += g + rng.uniform(4, 15)
        c.put(m * lfilter(np.ones(200) / 200, [1], e), 0)
        c.src.append(r["group"])
        return c, "hold_music", "music", ["silence"], lev(rng)

    def t_soft_speech(rng):
        c = talk(rng, rng.uniform(7, 20))
        return c, "message", "silence", [], rng.uniform(-46, -36)

    ns["PLAN"] += [
        ("message_loud_noise", t_loud, 44), ("message_loud_radio", t_loud_radio, 44), ("noise_only", t_noise_only, 50), ("steady", t_steady, 40),
        ("message_keys", t_keys, 12), ("aside_tv", t_tv, 24), ("message_digits_only", t_digits_only, 14), ("message_echo", t_echo, 10),
        ("hold_gaps", t_gaps, 24), ("message_soft", t_soft_speech, 12),
    ]
    hard.add(ns)
    hard.add_training(ns, song)


def main():
    ap = argparse.ArgumentParser()
    for name, kind, default in (("corpus", str, None), ("out", str, None), ("seed", int, 1), ("fold", int, 0), ("scale", float, 1.0), ("prefix", str, ""), ("side", str, "train"), ("without", int, None), ("extra", str, ""), ("only", str, ""), ("share", float, None)):
        ap.add_argument("--" + name, type=kind, default=default, required=default is None and name in ("corpus", "out"))
    a = ap.parse_args()
    ns = load_renderer(a.corpus, a.out, a.seed, a.scale, a.side, a.fold, a.without, a.prefix)
    if a.extra:
        add_pool(ns, a.extra)
    extend(ns, (0.0 if a.side in ("valid", "left") else 0.3) if a.share is None else a.share, a.side)
    os.makedirs(a.out + "/wav", exist_ok=True)
    count, failed = collections.Counter(), 0
    with open(f"{a.out}/manifest.jsonl", "w") as out:
        for name, make, weight in ns["PLAN"]:
            if name not in a.only.split(",") and (a.only or name in hard.ASKED_FOR):
                continue
            for i in range(max(1, round(weight * a.scale))):
                ns["DRAWN"].clear()
                rng = np.random.default_rng([a.seed, ns["stable"](name), i, ns["stable"](a.side)])
                try:
                    c, verdict, bg, alt, level = make(rng)
                    if name.startswith("message") or name == "rambler":
                        ns["beep_echo"](c, rng)
                    ns["channel"](c, rng, level, nofx=name == "tone")
                except (IndexError, ValueError, KeyError) as e:
                    failed += 1
                    print("left out", name, i, repr(e))
                    continue
                segments = ns["level_alts"](ns["flatten"](c, bg, alt), c.x)
                spoken = sum(s["end"] - s["start"] for s in segments if s["class"] == "speech")
                if (verdict in ("message", "rambler") and spoken < hard.SHORTEST.get(name, 3)) or (verdict == "mutter" and not 0.3 <= spoken <= 3.4):
                    continue
                file = f"{a.prefix}{name}_{i:03d}.wav"
                wavfile.write(f"{a.out}/wav/{file}", RATE, (np.clip(c.x, -1, 1) * 32767).astype("<i2"))
                notes = {k: (v.item() if hasattr(v, "item") else v) for k, v in c.notes.items()}
                out.write(json.dumps({"file": file, "scenario": name, "verdict": verdict, "dur": round(len(c.x) / RATE, 2), "speech_s": round(spoken, 2), "sources": sorted(set(c.src)), "drawn": sorted(ns["DRAWN"]), "fx": notes, "segments": segments}) + "\n")
                count[name] += 1
    print(sum(count.values()), "calls,", failed, "left out")


if __name__ == "__main__":
    main()
