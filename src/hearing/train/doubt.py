"""Grows the forests that say how probable a message is, and says what they are worth on folds that had no part in it.

    doubt.py [--into FOLDER] FOLD... [--unseen FOLD...] ; a FOLD is FOLDER=PRED.jsonl[,FOLDER=PRED.jsonl...]

FOLDER holds `manifest.jsonl`, PRED.jsonl what `score_ear` said of its calls, by weights that never heard their sources.
There are two forests on the evidence of `src/call/verdict/doubt/evidence.rs` and the verdict by the rules: one for what the two
listeners make of a call, one for all three, which takes no doubt about junk away. Each fold is judged by forests and borders from the other folds; predictions with the
verdicts and confidences of that are written beside PRED as `.two` and `.three`, those of the rules alone as `.rules`. More calls from
the same sources, one FOLD for each, follow `--unseen`: they are judged in the same way and nothing is fitted on them. `--into`
writes the forests from all folds, `two.forest` and `three.forest`, with their borders. A pitch that stays is not looked at here.
"""

import argparse
import json
import struct

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

REAL = {"message", "rambler"}
# Tones are told by frequency and cadence; doubt about voices does not touch them. A call without a packet has no evidence.
CERTAIN = {"tone", "no_audio"}
RULES = ("message", "rambler", "hangup", "mutter", "hold_music", "aside", "silent", "unsure")
TREES, SMALLEST_LEAF = 100, 3
# Shares of junk and of real messages that may become unsure for the sake of the others.
JUNK_UNSURE, REAL_UNSURE = 0.05, 0.01
CHECKS = 8


class Call:
    """What a call was, what was said of it, and the evidence."""

    def __init__(self, truth, said, path, with_third):
        self.name, self.said, self.rules = (path, said["file"]), said, said["rules"]
        self.is_real = truth["verdict"] in REAL
        heard = said["evidence"] and self.rules not in CERTAIN
        third = said["third"] if with_third else []
        self.numbers = said["evidence"] + third + [float(self.rules == verdict) for verdict in RULES] if heard else None

    def is_doubted(self):
        return self.numbers is not None and self.rules != "unsure"


def read(fold, with_third):
    calls = []
    for part in fold.split(","):
        folder, path = part.split("=")
        truth = {t["file"]: t for t in map(json.loads, open(folder + "/manifest.jsonl"))}
        calls += [Call(truth[p["file"]], p, path, with_third) for p in map(json.loads, open(path)) if p["file"] in truth]
    return calls


def grow(calls):
    known = [c for c in calls if c.numbers]
    forest = ExtraTreesClassifier(TREES, min_samples_leaf=SMALLEST_LEAF, random_state=1, n_jobs=-1)
    return forest.fit([c.numbers for c in known], [c.is_real for c in known])


def probabilities(forest, calls):
    doubted = [c for c in calls if c.is_doubted()]
    return dict(zip((c.name for c in doubted), forest.predict_proba([c.numbers for c in doubted])[:, 1]))


def borders(folds):
    """Above which probability junk is doubtful, and below which a message is: from folds judged by the others' forests."""
    junk, messages = [], []
    for k, fold in enumerate(folds):
        said = probabilities(grow(sum(folds[:k] + folds[k + 1 :], [])), fold)
        for c in fold:
            if c.name in said and c.is_real == (c.rules in REAL):
                (messages if c.is_real else junk).append(said[c.name])
    return float(np.quantile(junk, 1 - JUNK_UNSURE)), float(np.quantile(messages, REAL_UNSURE))


def judged(call, said, border):
    """Verdict and confidence with doubt."""
    p = said.get(call.name)
    if p is None:
        return call.rules, call.said["rules_confidence"]
    if call.rules in REAL:
        return ("unsure", 0.4) if p < border[1] else (call.rules, p)
    return ("unsure", 0.4) if p >= border[0] else (call.rules, 1 - p)


def by_the_others(folds, unseen):
    """Per fold, with what is unseen of it: verdicts and confidences by forests and borders from the other folds, by name."""
    for k, fold in enumerate(folds):
        others = folds[:k] + folds[k + 1 :]
        calls = fold + (unseen[k] if unseen else [])
        said, border = probabilities(grow(sum(others, [])), calls), borders(others)
        yield {c.name: judged(c, said, border) for c in calls}


def write(forest, border, calls, path):
    """As `src/call/verdict/doubt/forest.rs` reads it."""
    rows = np.array([c.numbers for c in calls if c.numbers], np.float32)
    by_probability = np.argsort(forest.predict_proba(rows)[:, 1])
    rows = rows[by_probability[np.linspace(0, len(rows) - 1, CHECKS).astype(int)]]
    with open(path, "wb") as file:
        file.write(b"FOR1" + struct.pack("<3I", rows.shape[1], len(forest.estimators_), len(rows)) + struct.pack("<2f", *border))
        for tree in (e.tree_ for e in forest.estimators_):
            file.write(struct.pack("<I", tree.node_count))
            for node in range(tree.node_count):
                left, right, (no, yes) = tree.children_left[node], tree.children_right[node], tree.value[node][0]
                assert left in (-1, node + 1), "not in preorder"
                leaf = left == -1
                value = yes / (no + yes) if leaf else tree.threshold[node]
                file.write(struct.pack("<fHH", value, 0 if leaf else tree.feature[node], 0 if leaf else right))
        for row, p in zip(rows, forest.predict_proba(rows)[:, 1]):
            file.write(row.astype("<f4").tobytes() + struct.pack("<f", p))


def write_judged(path, said, verdicts):
    with open(path, "w") as file:
        for p, (verdict, confidence) in zip(said, verdicts):
            file.write(json.dumps({"file": p["file"], "segments": p["segments"], "verdict": verdict, "confidence": confidence}) + "\n")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("folds", nargs="+")
    ap.add_argument("--unseen", nargs="+", default=[])
    ap.add_argument("--into")
    a = ap.parse_args()
    doubted = {}
    for name in ("two", "three"):
        folds, unseen = ([read(f, name == "three") for f in some] for some in (a.folds, a.unseen))
        for k, verdicts in enumerate(by_the_others(folds, unseen)):
            verdicts |= {call: ("unsure", 0.4) for call in verdicts if doubted.get(call)}
            doubted |= {c.name: c.rules not in REAL and verdicts[c.name][0] == "unsure" for some in (folds, unseen) for c in (some[k] if some else [])}
            for path in (part.split("=")[1] for some in (a.folds, a.unseen) for fold in some[k : k + 1] for part in fold.split(",")):
                said = [p for p in map(json.loads, open(path)) if (path, p["file"]) in verdicts]
                write_judged(f"{path}.{name}", said, [verdicts[path, p["file"]] for p in said])
                if name == "two":
                    write_judged(path + ".rules", said, [(p["rules"], p["rules_confidence"]) for p in said])
        if a.into:
            calls = sum(folds, [])
            write(grow(calls), borders(folds), calls, f"{a.into}/{name}.forest")


main()
