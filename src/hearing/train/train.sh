#!/bin/sh
# From the corpus to the weights file, seeds fixed: train.sh CORPUS WORK [MINUTES]
# CORPUS holds pool/ and render.py; WORK takes packages, pools and calls (about 15 GB). MINUTES is processor time for
# the network, 10 by default. PYTHON names the interpreter with requirements.txt installed.
# START names weights to go on from; without it training begins from nothing.
# FOLD=1 trains and validates on other groups (see calls.py) and leaves the weights in WORK: an honest figure for all
# that was chosen on fold 0.
set -eu
corpus=$(realpath "$1")
work=$(realpath -m "$2")
minutes=${3:-10}
fold=${FOLD:-0}
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
start=${START:-}
[ -f "$work/extra/pool.csv" ] || "$python" "$here/gather.py" --out "$work/extra"
calls=$work/fold$fold
render() {
    name=$1
    shift
    [ -f "$calls/$name/complete" ] || {
        "$python" "$here/calls.py" --corpus "$corpus" --out "$calls/$name" --fold "$fold" "$@"
        touch "$calls/$name/complete"
    }
}
# Every kind of call twice; then more of the kinds that were hardest.
noisy=aside,noise_only,message_loud_noise
render a --side train --seed 11 --scale 1.0 --extra "$work/extra"
render b --side train --seed 12 --scale 1.0 --extra "$work/extra"
render c --side train --seed 13 --scale 0.8 --extra "$work/extra" \
    --only $noisy,hold,hold_announce,speech_then_hold,hold_gaps,aside_tv,message_loud_radio
render d --side train --seed 15 --scale 1.4 --extra "$work/extra" --share 0.5 --only $noisy,message_othernoise,hangup,mutter
render valid --side valid --seed 101
set -- "$calls/a" "$calls/b" "$calls/c" "$calls/d"
cargo run --quiet --release --example ear_features -- "$@" "$calls/valid"
"$python" "$here/train.py" --train "$@" --valid "$calls/valid" --out "$calls/weights.bin" --minutes "$minutes" ${start:+--start "$start"}
[ "$fold" = 0 ] || exit 0
cp "$calls/weights.bin" src/hearing/weights.bin
cp "$calls/weights.bin.json" src/hearing/weights.json
