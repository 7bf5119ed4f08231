#!/bin/sh
# From the corpus to the weights file, seeds fixed: train.sh CORPUS WORK [MINUTES]
# CORPUS holds pool/ and render.py; WORK takes packages, pools and calls (about 10 GB). MINUTES is processor time for
# the network, 30 by default. PYTHON names the interpreter with requirements.txt installed.
# START names weights to go on from: by default the ones in force; START= begins from nothing.
set -eu
corpus=$(realpath "$1")
work=$(realpath -m "$2")
minutes=${3:-30}
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
start=${START-src/hearing/weights.bin}
[ -f "$work/extra/pool.csv" ] || "$python" "$here/gather.py" --out "$work/extra"
set --
for seed in 11 12 13; do
    [ -f "$work/train$seed/complete" ] || {
        "$python" "$here/calls.py" --corpus "$corpus" --out "$work/train$seed" --seed "$seed" --side train --extra "$work/extra"
        touch "$work/train$seed/complete"
    }
    set -- "$@" "$work/train$seed"
done
[ -f "$work/valid/complete" ] || {
    "$python" "$here/calls.py" --corpus "$corpus" --out "$work/valid" --seed 101 --scale 0.5 --side valid
    touch "$work/valid/complete"
}
cargo run --quiet --release --example ear_features -- "$@" "$work/valid"
"$python" "$here/train.py" --train "$@" --valid "$work/valid" --out "$work/weights.bin" --minutes "$minutes" ${start:+--start "$start"}
cp "$work/weights.bin" src/hearing/weights.bin
cp "$work/weights.bin.json" src/hearing/weights.json
