"""Kinds of call beside the corpus's that strangers' calls were hard in: rooms, lines, even voices, songs and beats.

`add` has those that also measure the ear on sources left out, `add_training` those that only teach it: voices that whisper,
creak or break, loud single noises behind a mutter, songs made of voices. `ASKED_FOR` are those of `add` that are rendered only
where `--only` names them.
"""

import lines
import noises
import numpy as np
import synth
import voices

RATE = 8000
ASKED_FOR = {"short_request", "message_minutes"}
# Messages of less speech than 3 s, by kind.
SHORTEST = {"short_request": 1.6}


def add(ns):
    """Puts these kinds into a renderer's plan, drawing from whatever sources it has."""
    db, norm = ns["db"], ns["norm"]

    def alone(rng, y, who, lead, tail):
        """A call of these words, with some of the line before and behind them."""
        lead = rng.uniform(*lead)
        c = ns["Call"](lead + len(y) / RATE + rng.uniform(*tail))
        c.put(y, lead)
        ns["lab_speech"](c, y, lead)
        c.src.append(who)
        return c

    def talk(rng, dur, change=None, tail=(0.5, 3)):
        y, who, *_ = ns["speech"](rng, dur)
        return alone(rng, norm(change(y)) if change else y, who, (0.2, 1.5), tail)

    def behind(c, rng, snr):
        """Noise behind the words; about as often as not there is none."""
        if rng.random() < 0.5:
            return "silence", []
        n, r = ns["noise"](rng, c.dur)
        c.put(n, 0, db(-rng.uniform(*snr)))
        c.src.append(r["group"])
        return "noise", ["silence", "speech"]

    def t_handsfree(rng):
        rows = ns["BY"]["rir"]
        r = rows[rng.integers(len(rows))]
        c = talk(rng, rng.uniform(6, 25), lambda y: voices.in_room(y, ns["load"](r["path"])))
        c.src.append(r["group"])
        background, also = behind(c, rng, (4, 20))
        if rng.random() < 0.5:
            c.x = lines.gain_control(c.x, rng)
        return c, "message", background, also, ns["lev"](rng)

    def t_lines(rng):
        c = talk(rng, rng.uniform(6, 25))
        background, also = behind(c, rng, (8, 25))
        for does, p in ((lines.gate, 0.3), (lines.radio, 0.35), (lines.loss, 0.25)):
            if rng.random() < p:
                c.x = does(c.x, rng)
                c.notes[does.__name__] = True
        if rng.random() < 0.6:
            c.x, c.notes["chain"] = lines.chain(c.x, rng)
        return c, "message", background, also, ns["lev"](rng)

    def t_hiss(rng):
        c = talk(rng, rng.uniform(6, 25))
        c.x = c.x + np.asarray(rng.standard_normal(len(c.x)) * db(-26 - rng.uniform(6, 22)), np.float32)
        return c, "message", "noise", ["silence", "speech"], ns["lev"](rng)

    def t_even(rng):
        c = talk(rng, rng.uniform(6, 20), lambda y: voices.even(y, rng))
        background, also = behind(c, rng, (10, 25))
        return c, "message", background, also, ns["lev"](rng)

    def t_young(rng):
        c = talk(rng, rng.uniform(8, 20), lambda y: voices.child(y, rng))
        background, also = behind(c, rng, (8, 25))
        return c, "message", background, also, ns["lev"](rng)

    def t_short(rng):
        """A whole request in a breath: "Smith here, please call me back. Thanks." """
        y, who, *_ = ns["speech"](rng, rng.uniform(2.0, 2.9), mindur=2)
        c = alone(rng, y[: int(2.9 * RATE)], who, (0.2, 1.2), (0.3, 2.5))
        background, also = behind(c, rng, (10, 30))
        return c, "message", background, also, ns["lev"](rng)

    def t_minutes(rng):
        """Who talks on, for most of a minute or longer; whatever there is of them, again and again."""
        first, who, *_ = ns["speech"](rng, 30)
        parts, seconds = [first], rng.uniform(45, 115)
        while sum(map(len, parts)) < seconds * RATE:
            parts += [np.zeros(int(rng.uniform(0.2, 1.5) * RATE), np.float32), ns["speech"](rng, 30, who)[0]]
        c = alone(rng, norm(np.concatenate(parts)[: int(seconds * RATE)]), who, (0.2, 1.5), (0.5, 5))
        background, also = behind(c, rng, (8, 30))
        return c, "message", background, also, ns["lev"](rng)

    def sources(*kinds):
        return [s for s in ns["MS"] if s.rsplit(":", 1)[-1] in kinds]

    def t_song(rng):
        """A song for somebody who waits."""
        d, lead = rng.uniform(15, 60), rng.choice([0, rng.uniform(0.2, 2)])
        some = sources("vocal", "singing")
        m, r = ns["music"](rng, d, some)
        if rng.random() < 0.5 or r.get("kind") == "singing":
            z, r2 = ns["music"](rng, d)
            m = m + z[: len(m)] * db(-rng.uniform(-6, 12))
            r = {"group": f"{r['group']}+{r2['group']}"}
        c = ns["Call"](d + lead)
        c.put(m, lead)
        c.label(lead, lead + d, "music")
        c.src.append(r["group"])
        return c, "hold_music", "silence", [], ns["lev"](rng)

    def t_words_then_beats(rng):
        """A word or two, and then beats, single strokes or a song."""
        y, who, *_ = ns["speech"](rng, rng.uniform(1, 3), mindur=3)
        y = y[: int(3.0 * RATE)]
        d, t = rng.uniform(15, 50), 0.5 + len(y) / RATE + rng.uniform(0.1, 1.5)
        m, r = ns["music"](rng, d, sources("drums", "vocal", "lmms", "midi-freepats", "midi-csoundgm") or None)
        c = ns["Call"](t + d)
        c.put(y, 0.5)
        ns["lab_speech"](c, y, 0.5)
        c.put(m, t, db(rng.uniform(-6, 3)))
        c.label(t, t + d, "music")
        c.src += [who, r["group"]]
        return c, "hold_music", "silence", [], ns["lev"](rng)

    def t_mutter_noise(rng):
        """A word or two, and then the noise of somebody who does something else."""
        y, who, *_ = ns["speech"](rng, rng.uniform(0.6, 1.6), mindur=3)
        y, t = y[: int(1.4 * RATE)], rng.uniform(0.3, 1.5)
        d = rng.uniform(2, 6)
        n, r = ns["noise"](rng, d)
        c = ns["Call"](t + len(y) / RATE + d)
        c.put(y, t)
        c.put(n, t + len(y) / RATE, db(rng.uniform(-12, 3)))
        c.label(t + len(y) / RATE, c.dur, "noise", ["silence"])
        ns["lab_speech"](c, y, t)
        c.src += [who, r["group"]]
        return c, "mutter", "silence", [], ns["lev"](rng)

    plan = [("message_lines", t_lines, 40), ("message_hiss", t_hiss, 16), ("message_even", t_even, 14), ("message_young", t_young, 20), ("mutter_noise", t_mutter_noise, 16), ("short_request", t_short, 80), ("message_minutes", t_minutes, 40), ("words_then_beats", t_words_then_beats, 32)]
    if ns["BY"]["rir"]:
        plan.append(("message_handsfree", t_handsfree, 40))
    if sources("vocal", "singing"):
        plan.append(("hold_song", t_song, 32))
    ns["PLAN"] += plan


def add_training(ns, song):
    """Puts kinds into the plan that only training calls have; `song` makes a song of some seconds."""
    db, norm = ns["db"], ns["norm"]

    def t_unusual(rng):
        y, who, *_ = ns["speech"](rng, rng.uniform(6, 20))
        y, name = voices.unusual(y, rng)
        y, lead = norm(y), rng.uniform(0.2, 1.5)
        room = ns["BY"]["rir"]
        wet = norm(voices.in_room(y, ns["load"](room[rng.integers(len(room))]["path"]))) if room and rng.random() < 0.3 else y
        c = ns["Call"](lead + len(y) / RATE + rng.uniform(0.5, 6))
        c.put(wet, lead)
        ns["lab_speech"](c, y, lead)
        c.src.append(who)
        c.notes["voice"] = name
        background = rng.choice(["silence", "noise", "music"], p=[0.4, 0.45, 0.15])
        if background != "silence":
            n, r = ns[background](rng, c.dur)
            c.put(n, 0, db(-rng.uniform(5, 25)))
            c.src.append(r["group"])
        for does, p in ((lines.gate, 0.1), (lines.radio, 0.15), (lines.gain_control, 0.15)):
            if rng.random() < p:
                c.x = does(np.asarray(c.x, np.float32), rng)
        if rng.random() < 0.25:
            c.x, c.notes["chain"] = lines.chain(np.asarray(c.x, np.float32), rng)
        return c, "message", str(background), [] if background == "silence" else ["silence", "speech"], rng.uniform(-36, -14)

    def word(rng, least, most):
        y, who, *_ = ns["speech"](rng, rng.uniform(least, most), mindur=2)
        return y[: int(most * RATE)], who

    def single(rng, secs):
        """One to a few short loud noises: of the pool, of a package, or made."""
        if rng.random() < 0.35:
            kind = ("knock", "clatter", "bangs", "strokes", "rustle", "beast", "sneeze", "toys", "creak", "beeps")[rng.integers(10)]
            return noises.noise(rng, secs, kind)[0], "synth_" + kind
        n, r = ns["noise"](rng, secs)
        return n, r["group"]

    def t_mutter_bang(rng):
        """A word or two, and before, between or behind them what falls, barks, knocks, rings."""
        y, who = word(rng, 0.5, 1.8)
        d, t = rng.uniform(1.5, 7), rng.uniform(0.2, 2)
        end = t + len(y) / RATE
        at = max(0, end + rng.uniform(-0.1, 1.0))
        c = ns["Call"](at + d + rng.uniform(0, 2))
        n, kind = single(rng, d)
        # As loud as the words, in long noises; short ones are louder.
        n = n * (rng.uniform(0.3, 1) * np.abs(y).max() / max(np.abs(n).max(), 1e-6)) if rng.random() < 0.5 else n * db(rng.uniform(-12, 6))
        c.put(n, at)
        c.label(at, min(at + len(n) / RATE, c.dur), "noise", ["silence"])
        c.put(y, t)
        ns["lab_speech"](c, y, t)
        c.src += [who, kind]
        return c, "mutter", "silence", [], ns["lev"](rng)

    def t_sung(rng):
        """A song for somebody who waits; a word before it as often as not."""
        d, t = rng.uniform(12, 45), 0.0
        m, r = song(rng, d)
        if rng.random() < 0.5:
            y, who = word(rng, 0.6, 3.0)
            t = 0.4 + len(y) / RATE + rng.uniform(0.1, 1.5)
            c = ns["Call"](t + d)
            c.put(y, 0.4)
            ns["lab_speech"](c, y, 0.4)
            c.src.append(who)
        else:
            c = ns["Call"](d)
        c.put(m, t, db(rng.uniform(-5, 3)))
        c.label(t, t + d, "music")
        c.src.append(r["group"])
        return c, "hold_music", "silence", [], ns["lev"](rng)

    def t_aside_bangs(rng):
        """A handset laid aside beside somebody who works: strokes and clatter, and far words now and then."""
        d = rng.uniform(15, 50)
        c = ns["Call"](d)
        for _ in range(rng.integers(1, 4)):
            n, kind = single(rng, rng.uniform(3, d))
            c.put(n, rng.uniform(0, d / 2), db(rng.uniform(-10, 3)))
            c.src.append(kind)
        if rng.random() < 0.4:
            y, who, *_ = ns["speech"](rng, rng.uniform(2, d * 0.6))
            c.put(synth.band(synth.room(y, rng, rng.uniform(0.4, 1.3), rng.uniform(0, 0.3)), 150, rng.uniform(1200, 3000)), rng.uniform(0, d / 3), db(-rng.uniform(6, 18)))
            c.src.append(who)
        c.label(0, d, "noise", ["silence"])
        return c, "aside", "noise", ["silence"], rng.uniform(-40, -18)

    ns["PLAN"] += [("message_unusual", t_unusual, 200), ("mutter_bang", t_mutter_bang, 240), ("hold_sung", t_sung, 160), ("aside_bangs", t_aside_bangs, 60)]
