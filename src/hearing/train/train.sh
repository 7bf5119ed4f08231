#!/bin/sh
# From the corpus to the weights file, seeds fixed: train.sh CORPUS WORK [EPOCHS]
# CORPUS holds pool/ and render.py; WORK takes packages, pools and calls (about 15 GB). EPOCHS is how often the
# network hears the calls, 18 by default. PYTHON names the interpreter with requirements.txt installed.
# START names weights to go on from; without it training begins from nothing.
# FOLD tells which groups are kept back for validation (see calls.py); 2 by default, whose weights are the ones in
# force. Those of other folds, and FOLD=all, which keeps nothing back and has no figures, stay in WORK.
set -eu
corpus=$(realpath "$1")
work=$(realpath -m "$2")
epochs=${3:-18}
fold=${FOLD:-2}
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
# Every kind of call three times, and more of the kinds that were hardest.
noisy=aside,noise_only,message_loud_noise
render a --side $side --seed 11 --scale 1.0 --extra "$work/extra"
render b --side $side --seed 12 --scale 1.0 --extra "$work/extra"
render c --side $side --seed 13 --scale 0.8 --extra "$work/extra" \
    --only $noisy,hold,hold_announce,speech_then_hold,hold_gaps,aside_tv,message_loud_radio
render d --side $side --seed 15 --scale 1.4 --extra "$work/extra" --share 0.5 --only $noisy,steady,message_othernoise,hangup,mutter
render e --side $side --seed 16 --scale 2.5 --extra "$work/extra" --share 0.5 --only mutter,aside,aside_tv
render f --side $side --seed 17 --scale 1.0 --extra "$work/extra" --share 0.4
set -- "$calls/a" "$calls/b" "$calls/c" "$calls/d" "$calls/e" "$calls/f"
valid=
if [ "$fold" != all ]; then
    render valid --side valid --fold "$fold" --seed 101
    valid=$calls/valid
fi
cargo run --quiet --release --example ear_features -- "$@" ${valid:+"$valid"}
"$python" "$here/train.py" --train "$@" ${valid:+--valid "$valid"} --out "$calls/weights.bin" --epochs "$epochs" ${start:+--start "$start"}
[ "$fold" = 2 ] || exit 0
cp "$calls/weights.bin" src/hearing/weights.bin
cp "$calls/weights.bin.json" src/hearing/weights.json
