"""Fits the probability that a call holds a message, and says what it is worth on folds that had no part in it.

    doubt.py [--rust] [--voice] FOLD... ; a FOLD is FOLDER=PRED.jsonl[,FOLDER=PRED.jsonl...]

FOLDER holds `manifest.jsonl`, PRED.jsonl what `score_ear` said of its calls, by weights that never heard their sources.
Logistic models on the same evidence (`evidence` in `src/call/verdict/doubt.rs`): for calls that the rules deliver, for hold
music, and for other junk, of which few hold a message: there the model is fitted on all calls, and then set right by those. Each fold is judged by models and borders from the other folds; predictions with the
verdicts and confidences of that are written beside PRED as `.doubt`, those of the rules alone as `.rules`. `--voice`
adds what the third listener says (`evidence_of_voice`), which takes no doubt about junk away, and writes `.voice` in place of
`.doubt`. `--rust` prints the models from all folds.
"""

import argparse
import json

import numpy as np

REAL = {"message", "rambler"}
# Tones are told by frequency and cadence; doubt about voices does not touch them. A call without a packet has no evidence.
CERTAIN = {"tone", "no_audio"}
SIDES = ("message", "hold", "junk")
PENALTY = 1.0
# Shares of junk and of real messages that may become unsure for the sake of the others.
JUNK_UNSURE, REAL_UNSURE = 0.05, 0.02


def read(fold, with_voice=False):
    """Per call: truth, prediction, evidence."""
    calls = []
    for part in fold.split(","):
        folder, path = part.split("=")
        truth = {t["file"]: t for t in map(json.loads, open(folder + "/manifest.jsonl"))}
        for p in map(json.loads, open(path)):
            if p["file"] in truth:
                calls.append((truth[p["file"]], p, np.array(p["evidence"] and p["evidence"] + (p["voice"] if with_voice else []) or [])))
    return calls


def is_real(call):
    return call[0]["verdict"] in REAL


def side(call):
    """Which model a call belongs to; None where nothing is doubted."""
    verdict = call[1]["rules"]
    if verdict in CERTAIN or verdict == "unsure" or not len(call[2]):
        return None
    return "message" if verdict in REAL else "hold" if verdict == "hold_music" else "junk"


class Model:
    """Logistic regression by Newton's method, with a penalty on all weights but the constant."""

    def __init__(self, x, y, penalty=PENALTY):
        self.mean, self.std = x.mean(0), x.std(0) + 1e-6
        z = np.hstack([np.ones((len(x), 1)), (x - self.mean) / self.std])
        w = np.zeros(z.shape[1])
        penalty = np.diag([0.01] + [penalty] * x.shape[1])
        for _ in range(30):
            p = 1 / (1 + np.exp(-z @ w))
            w += np.linalg.solve(z.T @ (z * (p * (1 - p))[:, None]) + penalty, z.T @ (y - p) - penalty @ w)
        self.weights = w[1:] / self.std
        self.constant = w[0] - self.weights @ self.mean

    def __call__(self, x):
        return 1 / (1 + np.exp(-self.logit(x)))

    def logit(self, x):
        return self.constant + x @ self.weights

    def set_right(self, x, y):
        """Moves and stretches the logits so that they fit these calls."""
        m = Model(self.logit(x)[:, None], y, 0.1)
        self.constant, self.weights = m.constant + m.weights[0] * self.constant, m.weights[0] * self.weights
        return self


def fit(calls):
    def both(some):
        return np.array([c[2] for c in some]), np.array([float(is_real(c)) for c in some])

    of = {s: both([c for c in calls if side(c) == s]) for s in SIDES}
    anything = both([c for c in calls if len(c[2])])
    return {"message": Model(*of["message"]), "hold": Model(*of["hold"]), "junk": Model(*anything).set_right(*of["junk"])}


def probability(models, call):
    return float(models[side(call)](call[2]))


def borders(folds):
    """Above which probability junk is doubtful, and below which a message is: from folds judged by the others' models."""
    said = {s: [] for s in SIDES}
    for k, fold in enumerate(folds):
        models = fit(sum(folds[:k] + folds[k + 1 :], []))
        for c in fold:
            if side(c) and is_real(c) == (side(c) == "message"):
                said[side(c)].append(probability(models, c))
    return {s: float(np.quantile(said[s], REAL_UNSURE if s == "message" else 1 - JUNK_UNSURE)) for s in SIDES}


def judged(models, border, call):
    """Verdict and confidence with doubt."""
    verdict, s = call[1]["rules"], side(call)
    if s is None:
        return verdict, call[1]["rules_confidence"]
    p = probability(models, call)
    doubtful = p < border[s] if s == "message" else p >= border[s]
    return ("unsure", 0.4) if doubtful else (verdict, p if s == "message" else 1 - p)


def by_the_others(folds):
    """Per fold: verdicts and confidences by models and borders from the other folds."""
    for k, fold in enumerate(folds):
        others = folds[:k] + folds[k + 1 :]
        models, border = fit(sum(others, [])), borders(others)
        yield [judged(models, border, call) for call in fold]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("folds", nargs="+")
    ap.add_argument("--rust", action="store_true")
    ap.add_argument("--voice", action="store_true")
    a = ap.parse_args()
    folds = [read(f, a.voice) for f in a.folds]
    without = by_the_others([read(f) for f in a.folds]) if a.voice else folds
    for k, (fold, verdicts, two) in enumerate(zip(folds, by_the_others(folds), without)):
        if a.voice:
            stays = [side(c) != "message" and before[0] == "unsure" for c, before in zip(fold, two)]
            verdicts = [before if stay else now for stay, before, now in zip(stays, two, verdicts)]
        by_file = {c[1]["file"]: now for c, now in zip(fold, verdicts)}
        for part in a.folds[k].split(","):
            path = part.split("=")[1]
            with open(path + (".voice" if a.voice else ".doubt"), "w") as doubt, open(path + ".rules", "w") as rules:
                for p in map(json.loads, open(path)):
                    if p["file"] in by_file:
                        said = {"file": p["file"], "segments": p["segments"]}
                        verdict, confidence = by_file[p["file"]]
                        doubt.write(json.dumps(said | {"verdict": verdict, "confidence": confidence}) + "\n")
                        rules.write(json.dumps(said | {"verdict": p["rules"], "confidence": p["rules_confidence"]}) + "\n")
    if a.rust:
        models, border = fit(sum(folds, [])), borders(folds)
        for name, m in models.items():
            print(name, "border", round(border[name], 3), "constant", round(m.constant, 3), "weights", [round(float(w), 3) for w in m.weights])


main()
