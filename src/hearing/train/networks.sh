#!/bin/sh
# The three networks from calls that are rendered and measured: networks.sh OUT CALLS...
# START names weights of the first network to go on from, which have not heard the second pool. WITHOUT=K leaves the calls made
# from the sources of a fold out. The first network is the mean of START and what comes of going on from it.
set -eu
out=$1
shift
here=$(dirname "$0")
python=${PYTHON:-python3}
mkdir -p "$out"
train() { "$python" "$here/train.py" ${WITHOUT:+--without "$WITHOUT"} --every 99 "$@"; }
train --train "$@" --out "$out/after.bin" --start "$START" --epochs 6 --rate 2e-3
train --train "$@" --out "$out/second.bin" --stride 2 --lag 24 --seed 7 --epochs 12
train --train "$@" --out "$out/third.bin" --rows third --lag 10 --seed 9 --epochs 8 --rate 2e-3
"$python" "$here/blend.py" "$START" "$out/after.bin" "$out/weights.bin"
cp "$out/after.bin.json" "$out/weights.bin.json"
