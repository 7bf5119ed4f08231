#!/bin/sh
# From the corpus to the weights file, seeds fixed: train.sh CORPUS WORK [MINUTES]
# CORPUS holds pool/ and render.py; WORK takes packages, pools and calls (about 15 GB). MINUTES is processor time for
# the network, 12 by default. PYTHON names the interpreter with requirements.txt installed.
# START names weights to go on from; without it training begins from nothing.
# The weights are trained on all groups of the corpus. FOLD=0, 1 or 2 keeps some groups back for validation (see
# calls.py), trains anew from nothing without them and leaves the weights in WORK: the figures of the recipe.
set -eu
corpus=$(realpath "$1")
work=$(realpath -m "$2")
minutes=${3:-12}
fold=${FOLD:-all}
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
start=${START:-}
[ -f "$work/extra/pool.csv" ] || "$python" "$here/gather.py" --out "$work/extra"
calls=$work/fold$fold
if [ "$fold" = all ]; then side="all"; else side="train --fold $fold"; fi
render() {
    name=$1
    shift
    [ -f "$calls/$name/complete" ] || {
        "$python" "$here/calls.py" --corpus "$corpus" --out "$calls/$name" "$@"
        touch "$calls/$name/complete"
    }
}
# Every kind of call twice; then more of the kinds that were hardest.
noisy=aside,noise_only,message_loud_noise
render a --side $side --seed 11 --scale 1.0 --extra "$work/extra"
render b --side $side --seed 12 --scale 1.0 --extra "$work/extra"
render c --side $side --seed 13 --scale 0.8 --extra "$work/extra" \
    --only $noisy,hold,hold_announce,speech_then_hold,hold_gaps,aside_tv,message_loud_radio
render d --side $side --seed 15 --scale 1.4 --extra "$work/extra" --share 0.5 --only $noisy,message_othernoise,hangup,mutter
render e --side $side --seed 16 --scale 2.5 --extra "$work/extra" --share 0.5 --only mutter,aside,aside_tv
set -- "$calls/a" "$calls/b" "$calls/c" "$calls/d" "$calls/e"
valid=
if [ "$fold" != all ]; then
    render valid --side valid --fold "$fold" --seed 101
    valid=$calls/valid
fi
cargo run --quiet --release --example ear_features -- "$@" ${valid:+"$valid"}
"$python" "$here/train.py" --train "$@" ${valid:+--valid "$valid"} --out "$calls/weights.bin" --minutes "$minutes" ${start:+--start "$start"}
[ "$fold" = all ] || exit 0
cp "$calls/weights.bin" src/hearing/weights.bin
cp "$calls/weights.bin.json" src/hearing/weights.json
