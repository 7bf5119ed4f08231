#!/bin/sh
# From the corpus to the weights file, seeds fixed: train.sh CORPUS WORK [MINUTES]
# CORPUS holds pool/ and render.py; WORK takes packages, pools and calls (about 10 GB). MINUTES is processor time for
# the network, 10 by default. PYTHON names the interpreter with requirements.txt installed.
# START names weights to go on from: by default the ones in force; START= begins from nothing.
set -eu
corpus=$(realpath "$1")
work=$(realpath -m "$2")
minutes=${3:-10}
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
start=${START-src/hearing/weights.bin}
[ -f "$work/extra/pool.csv" ] || "$python" "$here/gather.py" --out "$work/extra"
set --
# Every kind of call twice, once from the corpus alone; then more of the kinds that were hardest.
render() {
    name=$1
    shift
    [ -f "$work/$name/complete" ] || {
        "$python" "$here/calls.py" --corpus "$corpus" --out "$work/$name" --side train "$@"
        touch "$work/$name/complete"
    }
}
noisy=aside,noise_only,message_loud_noise
render train11 --seed 11 --scale 0.8
render train12 --seed 12 --scale 0.8 --extra "$work/extra"
render train13 --seed 13 --scale 1.0 --extra "$work/extra" \
    --only $noisy,hold,hold_announce,speech_then_hold,hold_gaps,aside_tv,message_loud_radio
render train15 --seed 15 --scale 0.8 --extra "$work/extra" --share 0.5 --only $noisy,message_othernoise
set -- "$work/train11" "$work/train12" "$work/train13" "$work/train15"
[ -f "$work/valid/complete" ] || {
    "$python" "$here/calls.py" --corpus "$corpus" --out "$work/valid" --seed 101 --side valid
    touch "$work/valid/complete"
}
cargo run --quiet --release --example ear_features -- "$@" "$work/valid"
"$python" "$here/train.py" --train "$@" --valid "$work/valid" --out "$work/weights.bin" --minutes "$minutes" ${start:+--start "$start"}
cp "$work/weights.bin" src/hearing/weights.bin
cp "$work/weights.bin.json" src/hearing/weights.json
