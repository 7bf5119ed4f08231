"""Trains a listener's network and writes its weights.

    train.py --train FOLDER... [--valid FOLDER...] --out weights.bin [--epochs 18] [--seed 1] [--start weights.bin]
        [--stride 1] [--lag 4] [--rows rows] [--without K]

Each folder holds `manifest.jsonl` (truth) and what the example `ear_features` wrote (`rows.f32`, `rows.txt`, `third.f32`,
`third.txt`), so the features have one implementation, in Rust. One processor core, fixed seeds. Prints figures now and then and writes the
weights of that moment beside the last ones (`.1` and so on); nothing is chosen by them: the last weights are the result.
A `.json` beside them has figures and the hash of the data. `--stride 2 --lag 24` makes the second listener's weights: two
rows at a time, and an answer that lags 0.96 s behind; `--rows third --lag 10` those of the network behind Silero. `--without K` drops every call made from a source of `LEFT_OUT[K]`.
"""

import argparse
import hashlib
import json
import struct

import numpy as np
import torch
from torch import nn

from calls import left_out  # noqa: I001

CLASSES = ["speech", "silence", "music", "tone", "noise"]
FAR = 1 << len(CLASSES)
# Seconds between two rows of a kind.
STEP_S = {"rows": 0.04, "third": 0.096}
DENSE, HIDDEN = 64, 96
CHUNK, BATCH = 400, 24
WIDTH, MELS, LEVEL = 45, 24, 24
# The weights that are kept are a running mean over this share of the training.
AVERAGED = 0.1
FAR_SHARE = 0.6


def load(folders, stride, lag, kind, without=None):
    """Per call: rows (`stride` of them in one), admissible classes as a bit mask, main class; and the hash of it all."""
    calls, digest = [], hashlib.sha256()
    for folder in folders:
        truth = [json.loads(line) for line in open(folder + "/manifest.jsonl")]
        digest.update(open(folder + "/manifest.jsonl", "rb").read())
        counts = [int(line.rsplit(" ", 1)[1]) for line in open(f"{folder}/{kind}.txt")]
        raw = np.memmap(f"{folder}/{kind}.f32", "<f4", "c")
        width = len(raw) // sum(counts)
        rows, at = raw.reshape(-1, width), 0
        for t, n in zip(truth, counts):
            x = rows[at : at + n]
            at += n
            if without is not None and any(left_out(source, without) for source in t["drawn"]):
                continue
            n //= stride
            x = x[: n * stride].reshape(n, -1)
            fine = np.full((int(t["dur"] / 0.01) + 8,), 1, np.int64)
            bits = np.full(len(fine), 2, np.int64)
            for s in t["segments"]:
                i, j = round(s["start"] * 100), round(s["end"] * 100)
                fine[i:j] = CLASSES.index(s["class"])
                bits[i:j] = (1 << CLASSES.index(s["class"])) | sum(1 << CLASSES.index(c) for c in s["alt"])
            if t["verdict"] in ("mutter", "aside"):
                bits |= FAR
            when = np.clip((((np.arange(n) + 1) * stride - lag - 0.5) * STEP_S[kind] * 100).round().astype(int), 0, len(fine) - 1)
            calls.append((x, bits[when], fine[when], t["scenario"]))
    return calls, digest.hexdigest()


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.dense, self.gru, self.out = nn.Linear(width, DENSE), nn.GRU(DENSE, HIDDEN, batch_first=True), nn.Linear(HIDDEN, 5)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, h=None):
        y, h = self.gru(self.drop(torch.relu(self.dense(x))), h)
        return self.out(self.drop(y)), h


def go_on_from(net, path, mean, std):
    """Takes an earlier weights file, also of a smaller network: units that it lacks start without any effect."""
    raw = open(path, "rb").read()
    inputs, dense, hidden = struct.unpack("<3I", raw[4:16])
    at = 16

    def take(*shape):
        nonlocal at
        count = int(np.prod(shape))
        at += 4 * count
        return torch.from_numpy(np.frombuffer(raw[at - 4 * count : at], "<f4").reshape(shape).copy())

    def gates(old, new, columns):
        """Puts the three gates' rows where a larger layer has them; old units do not listen to new ones."""
        for g in range(3):
            rows = new[g * HIDDEN : g * HIDDEN + hidden]
            if columns is None:
                rows.copy_(old[g * hidden : (g + 1) * hidden])
            else:
                rows.zero_()
                rows[:, :columns].copy_(old[g * hidden : (g + 1) * hidden])

    with torch.no_grad():
        w, b = take(dense, inputs), take(dense)
        net.dense.weight[:dense].copy_(w * std.float())
        net.dense.bias[:dense].copy_(b + w @ mean.float())
        g = net.gru
        gates(take(3 * hidden, dense), g.weight_ih_l0, dense)
        gates(take(3 * hidden), g.bias_ih_l0, None)
        gates(take(3 * hidden, hidden), g.weight_hh_l0, hidden)
        gates(take(3 * hidden), g.bias_hh_l0, None)
        net.out.weight.zero_()
        net.out.weight[:, :hidden].copy_(take(5, hidden))
        net.out.bias.copy_(take(5))


def loss_of(logits, bits, main, weight):
    """Minus the log of all admissible classes together, and a little for the main one."""
    logp = torch.log_softmax(logits, -1)
    allowed = ((bits.unsqueeze(-1) >> torch.arange(5)) & 1).bool()
    any_ = torch.logsumexp(logp.masked_fill(~allowed, -1e4), -1)
    own = logp.gather(-1, main.unsqueeze(-1)).squeeze(-1)
    strict = (allowed.sum(-1) == 1).float()
    far = (bits & FAR) > 0
    w = weight[main] * (0.4 + 0.6 * strict)
    # What lies behind a message may be called speech. Behind a mutter, or beside a handset laid aside, speech
    # that nobody says to us makes a message of junk.
    own_share = torch.where(main == CLASSES.index("noise"), torch.where(far, FAR_SHARE, 0.25), 0.1)
    return -(w * ((1 - own_share) * any_ + own_share * own)).sum() / w.sum()


def disturb(x, rng):
    """Makes one batch of rows (not yet normalised) differ: line shapes, levels, cues that are missing."""
    n = len(x)
    knots = torch.from_numpy(rng.normal(0, 0.1, (n, 1, 5)).astype(np.float32))
    shape = nn.functional.interpolate(knots, MELS, mode="linear", align_corners=True)
    gain = torch.from_numpy(rng.normal(0, 0.07, (n, 1, 1)).astype(np.float32))
    bent = (shape + gain) * torch.from_numpy((rng.random((n, 1, 1)) < 0.7).astype(np.float32))
    for row in range(0, x.shape[2], WIDTH):
        x[:, :, row : row + MELS] += bent
        x[:, :, row + LEVEL : row + LEVEL + 1] += gain


def hide(x, rng):
    """Sets cues, and a run of mel bands, of some rows' chunks to their mean (normalised rows)."""
    keep = (rng.random((len(x), 1, WIDTH)) > 0.04).astype(np.float32)
    for k in np.flatnonzero(rng.random(len(x)) < 0.2):
        first = rng.integers(MELS - 3)
        keep[k, :, first : first + rng.integers(1, 5)] = 0
    x *= torch.from_numpy(np.tile(keep, x.shape[2] // WIDTH))


def evaluate(net, calls):
    net.eval()
    good, seen = np.zeros(5), np.zeros(5)
    with torch.no_grad():
        order = sorted(range(len(calls)), key=lambda i: len(calls[i][0]))
        for i in range(0, len(order), 32):
            part = [calls[k] for k in order[i : i + 32]]
            n = max(len(c[0]) for c in part)
            x = torch.zeros(len(part), n, part[0][0].shape[1])
            for k, c in enumerate(part):
                x[k, : len(c[0])] = torch.from_numpy(np.ascontiguousarray(c[0]))
            said = net(x)[0].argmax(-1).numpy()
            for k, (_, bits, main, _) in enumerate(part):
                s = said[k, : len(main)]
                bits = bits & (FAR - 1)
                strict = (bits & (bits - 1)) == 0
                for c in range(5):
                    m = strict & (main == c)
                    seen[c] += m.sum()
                    good[c] += (s[m] == c).sum()
    net.train()
    return good / np.maximum(seen, 1)


def export(net, mean, std, path, sample):
    """Folds the normalisation into the dense layer and writes the file that `network.rs` describes."""
    net.eval()
    w = net.dense.weight.detach().double() / std
    b = net.dense.bias.detach().double() - w @ mean
    with torch.no_grad():
        logits = net((sample.unsqueeze(0) - mean.float()) / std.float())[0][0, -1]
    g = net.gru
    parts = [w, b, g.weight_ih_l0, g.bias_ih_l0, g.weight_hh_l0, g.bias_hh_l0, net.out.weight, net.out.bias, sample, logits]
    with open(path, "wb") as f:
        f.write(b"EAR1" + struct.pack("<3I", w.shape[1], DENSE, HIDDEN))
        for p in parts:
            f.write(p.detach().numpy().astype("<f4").tobytes())


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--train", nargs="+", required=True)
    ap.add_argument("--valid", nargs="*", default=[])
    ap.add_argument("--out", required=True)
    ap.add_argument("--epochs", type=int, default=18, help="times through the calls")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--start", help="weights file of an earlier run to go on from")
    ap.add_argument("--stride", type=int, default=1, help="rows in one step of the network")
    ap.add_argument("--lag", type=int, default=4, help="rows by which the answer lags behind the sound")
    ap.add_argument("--rows", choices=STEP_S, default="rows", help="what the network hears")
    ap.add_argument("--without", type=int, help="which sources are left out")
    ap.add_argument("--every", type=int, default=3, help="epochs between two looks at the validation calls")
    ap.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    a = ap.parse_args()
    torch.manual_seed(a.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(a.seed)
    calls, digest = load(a.train, a.stride, a.lag, a.rows, a.without)
    valid, _ = load(a.valid, a.stride, a.lag, a.rows) if a.valid else ([], "")
    width = calls[0][0].shape[1]
    some = np.concatenate([c[0][::7] for c in calls])
    mean, std = torch.from_numpy(some.mean(0)).double(), torch.from_numpy(some.std(0) + 1e-3).double()
    steps, hours = sum(len(c[0]) for c in calls), sum(len(c[0]) for c in calls) * a.stride * STEP_S[a.rows] / 3600
    print(f"{len(calls)} calls, {hours:.1f} h, {width} inputs; data {digest[:16]}", flush=True)
    net = Net(width)
    if a.start:
        go_on_from(net, a.start, mean, std)
    print(sum(p.numel() for p in net.parameters()), "weights", flush=True)
    per_epoch = max(1, steps // (CHUNK * BATCH))
    average = 1 - 1 / max(10, AVERAGED * a.epochs * per_epoch)
    mean_net = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(average))
    opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=1e-4)
    weight = torch.tensor([1.3, 0.8, 1.0, 1.6, 1.6])
    looks = 0
    lengths = np.array([len(c[0]) for c in calls], float)
    fm, fs = mean.float(), std.float()
    for epoch in range(1, a.epochs + 1):
        total = 0.0
        for batch in range(per_epoch):
            done = (epoch - 1 + batch / per_epoch) / a.epochs
            for group in opt.param_groups:
                group["lr"] = a.rate * (0.5 + 0.5 * np.cos(np.pi * done)) * min(1, 0.1 + (epoch - 1) * 0.5) + 2e-5
            x, bits, main = torch.zeros(BATCH, CHUNK, width), torch.full((BATCH, CHUNK), FAR - 1), torch.ones(BATCH, CHUNK, dtype=torch.long)
            for k, i in enumerate(rng.choice(len(calls), BATCH, p=lengths / lengths.sum())):
                rows, bt, mn, _ = calls[i]
                # Half of the chunks begin where the call begins: there the memory is empty.
                o = 0 if rng.random() < 0.4 else rng.integers(0, max(1, len(rows) - CHUNK // 2))
                n = min(CHUNK, len(rows) - o)
                r = torch.from_numpy(np.ascontiguousarray(rows[o : o + n]))
                x[k, :n], bits[k, :n], main[k, :n] = r, torch.from_numpy(bt[o : o + n]), torch.from_numpy(mn[o : o + n])
            of_the_ear = a.rows == "rows"
            if of_the_ear:
                disturb(x, rng)
            x = (x - fm) / fs
            if of_the_ear:
                hide(x, rng)
            opt.zero_grad()
            loss = loss_of(net(x)[0], bits, main, weight)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            opt.step()
            mean_net.update_parameters(net)
            total += loss.item()
        print(f"epoch {epoch} loss {total / per_epoch:.4f}", flush=True)
        if epoch < a.epochs and epoch % a.every:
            continue
        info = {"data_sha256": digest, "hours": round(hours, 2), "calls": len(calls), "epochs": epoch}
        if valid:
            recall = evaluate(mean_net.module, [((r - fm.numpy()) / fs.numpy(), b, m, s) for r, b, m, s in valid[::3]])
            info |= {"frame_recall": dict(zip(CLASSES, recall.round(4).tolist())), "frame_balanced": round(float(recall.mean()), 4)}
            print(f"    recall {recall.round(3)} mean {recall.mean():.4f}", flush=True)
        sample = torch.from_numpy(np.ascontiguousarray(calls[0][0][20:28]))
        looks += 1
        for out in (a.out, f"{a.out}.{looks}"):
            export(mean_net.module, mean, std, out, sample)
        json.dump(info, open(a.out + ".json", "w"), indent=1)


main()
