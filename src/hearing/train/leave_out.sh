#!/bin/sh
# What strangers may expect of the ear: whole sources of the second pool left out, four folds in rotation.
#   leave_out.sh CORPUS WORK [EPOCHS]
# WORK is train.sh's, whose calls are there already (START and FOLD as there). In every fold the first network goes on from
# START, which must not have heard the second pool, without any call made from a source that is left out; the second network
# begins from nothing, once without the second pool, to stand beside START, and once for every fold on what the first one hears.
# Prints tables for START's network and for the folds', each by the rules alone, with doubt, whose models and borders come from
# the other folds, and with the third listener; and at last the models from all folds, without the third listener and with it.
set -eu
corpus=$(realpath "$1")
work=$(realpath "$2")
epochs=${3:-3}
start=$(realpath "$START")
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
calls=$work/fold${FOLD:-2}
set -- "$calls/a" "$calls/b" "$calls/c" "$calls/d" "$calls/e" "$calls/f"
cargo build --quiet --release --example score_ear
for k in 0 1 2 3; do
    [ -f "$work/left$k/complete" ] || {
        "$python" "$here/calls.py" --corpus "$corpus" --out "$work/left$k" --side left --without $k --seed 30$k --scale 0.5 --prefix l${k}_
        "$python" "$corpus/sanitize.py" "$work/left$k"
        touch "$work/left$k/complete"
    }
done
mkdir -p "$work/before"
cp "$start" "$work/before/weights.bin"
[ -f "$work/before/second.bin" ] ||
    "$python" "$here/train.py" --train "$@" --without 4 --stride 2 --lag 24 --seed 7 --epochs 12 --every 99 --out "$work/before/second.bin"
for k in 0 1 2 3; do
    mkdir -p "$work/net$k"
    [ -f "$work/net$k/second.bin" ] ||
        "$python" "$here/train.py" --train "$@" --without $k --stride 2 --lag 24 --seed 7 --epochs 12 --every 99 --out "$work/net$k/second.bin"
    [ -f "$work/net$k/weights.bin" ] ||
        "$python" "$here/train.py" --train "$@" --without $k --start "$start" --epochs "$epochs" --rate 2e-3 --every 99 --out "$work/net$k/weights.bin"
done
for name in before folds; do
    rules= doubt= voice= all=
    for k in 0 1 2 3; do
        case $name in before) weights=$work/before ;; *) weights=$work/net$k ;; esac
        said=$work/left$k/$name.jsonl
        EAR_WEIGHTS=$weights target/release/examples/score_ear "$work/left$k" > "$said"
        all="$all $work/left$k=$said"
        rules="$rules $work/left$k=$said.rules"
        doubt="$doubt $work/left$k=$said.doubt"
        voice="$voice $work/left$k=$said.voice"
    done
    models=$("$python" "$here/doubt.py" --rust $all; "$python" "$here/doubt.py" --rust --voice $all)
    "$python" "$here/report.py" "$name, rules" $rules
    "$python" "$here/report.py" "$name, doubt" $doubt
    "$python" "$here/report.py" "$name, third listener" $voice
done
echo "$models"
