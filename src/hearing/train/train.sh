#!/bin/sh
# From the corpus to the weights of all three networks, seeds fixed: train.sh CORPUS WORK
# CORPUS holds pool/, pool2/ and render.py; WORK takes packages, pools and calls (about 20 GB). PYTHON names the interpreter with
# requirements.txt installed. START names weights of the first network that have not heard the second pool, to go on from; without
# it they are made here. FOLD tells which groups are kept back for validation (see calls.py); 2 by default, whose weights are the
# ones in force. Those of other folds, and FOLD=all, which keeps nothing back and has no figures, stay in WORK.
set -eu
corpus=$(realpath "$1")
work=$(realpath -m "$2")
fold=${FOLD:-2}
start=${START:+$(realpath "$START")}
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
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
# Every kind of call twice, and more of the kinds that were hardest.
noisy=aside,noise_only,message_loud_noise
render a --side $side --seed 11 --scale 1.0
render b --side $side --seed 12 --scale 0.7 --extra "$work/extra"
render c --side $side --seed 13 --scale 0.5 --extra "$work/extra" \
    --only $noisy,hold,hold_announce,hold_song,speech_then_hold,words_then_beats,hold_gaps,aside_tv,message_loud_radio,message_handsfree,message_lines
render d --side $side --seed 15 --scale 0.7 --extra "$work/extra" --share 0.5 \
    --only $noisy,steady,message_othernoise,hangup,mutter,mutter_noise,aside_tv
render e --side $side --seed 16 --scale 1.0 --extra "$work/extra" --share 0.5 --only mutter,aside
render f --side $side --seed 21 --scale 1.0 --extra "$work/extra" --only message_unusual,mutter_bang,hold_sung,aside_bangs
set -- "$calls/a" "$calls/b" "$calls/c" "$calls/d" "$calls/e" "$calls/f"
cargo run --quiet --release --example ear_features -- "$@"
if [ -n "$start" ]; then
    [ "$start" -ef "$calls/start.bin" ] || cp "$start" "$calls/start.bin"
else
    "$python" "$here/train.py" --train "$@" --without 4 --out "$calls/start.bin" --epochs 18 --every 99
fi
START=$calls/start.bin "$here/networks.sh" "$calls" "$@"
[ "$fold" = 2 ] || exit 0
for name in weights second third; do
    cp "$calls/$name.bin" "src/hearing/$name.bin"
    cp "$calls/$name.bin.json" "src/hearing/$name.json"
done
