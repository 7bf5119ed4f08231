"""The table of a rotation over left-out sources: every fold, all of them together, and the worst sources.

    report.py NAME FOLD... ; a FOLD is FOLDER=PRED.jsonl[,FOLDER=PRED.jsonl...]

Counts as the corpus's `tristate.py` does: an `unsure` is neither lost nor delivered; mutters of 1.5 s of speech and more may
be unsure. A source counts with 20 calls of that kind and more.
"""

import collections
import json
import sys

REAL = {"message", "rambler"}
FEWEST = 20


class Count:
    """One column of the table."""

    def __init__(self):
        self.n = collections.Counter()

    def add(self, truth, said):
        real, verdict = truth["verdict"] in REAL, said["verdict"]
        side = "real" if real else "junk"
        self.n[side] += 1
        self.n["wrong " + side] += verdict != "unsure" and (verdict in REAL) != real
        may = truth["verdict"] == "mutter" and truth["speech_s"] >= 1.5
        self.n["counted " + side] += not may
        self.n["unsure " + side] += verdict == "unsure" and not may
        self.n["right"] += verdict == "unsure" or verdict == truth["verdict"] or real and verdict in REAL

    def share(self, part, whole):
        return 100 * self.n[part] / max(1, self.n[whole])

    def row(self):
        n = self.n
        return (
            f"{n['wrong real']} of {n['real']} ({self.share('wrong real', 'real'):.2f} %) | "
            f"{n['wrong junk']} of {n['junk']} ({self.share('wrong junk', 'junk'):.2f} %) | "
            f"{self.share('unsure real', 'counted real'):.1f} % | {self.share('unsure junk', 'counted junk'):.1f} % | "
            f"{100 * n['right'] / max(1, n['real'] + n['junk']):.1f} %"
        )


def judged(parts):
    """Truth and prediction of every call of a fold."""
    for part in parts.split(","):
        folder, path = part.split("=")
        truth = {t["file"]: t for t in map(json.loads, open(folder + "/manifest.jsonl"))}
        for said in map(json.loads, open(path)):
            if said["file"] in truth:
                yield truth[said["file"]], said


def main():
    name, parts = sys.argv[1], sys.argv[2:]
    everything, by_source, bins = Count(), collections.defaultdict(Count), collections.defaultdict(lambda: [0, 0])
    print(f"| {name} | real lost | junk delivered | unsure, real | unsure, junk | right or unsure |\n|---|---|---|---|---|---|")
    for k, fold_parts in enumerate(parts):
        fold = Count()
        for t, said in judged(fold_parts):
            for count in (fold, everything, *(by_source[s] for s in t["drawn"])):
                count.add(t, said)
            if said["verdict"] != "unsure":
                place = bins[next(b for b in (0.99, 0.97, 0.9, 0.8, 0.7, 0) if said["confidence"] >= b)]
                place[0] += (said["verdict"] in REAL) == (t["verdict"] in REAL)
                place[1] += 1
        print(f"| fold {k} | {fold.row()} |")
    print(f"| all | {everything.row()} |")
    for side in ("real", "junk"):
        worst = sorted(((c.share("wrong " + side, side), s) for s, c in by_source.items() if c.n[side] >= FEWEST), reverse=True)
        print(f"worst sources, {side}:", ", ".join(f"{s} {share:.1f} % of {by_source[s].n[side]}" for share, s in worst[:5]))
    print("kept or dropped rightly, by confidence from:", ", ".join(f"{b}: {a} of {n}" for b, (a, n) in sorted(bins.items())))


main()
