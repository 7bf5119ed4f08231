#!/bin/sh
# What strangers may expect of the ear: whole sources of the second pool left out, four folds in rotation.
#   leave_out.sh CORPUS WORK
# WORK is train.sh's, which was run before (FOLD as there). In every fold the networks learn without any call made from a source that
# is left out, and judge calls made from those alone: three sets, and long messages, on which the forests of doubt are grown, each fold
# judged by forests and borders from the other folds, and a fourth set on which nothing is fitted. Prints tables for the rules alone,
# for two listeners and for all three, of the three sets and of the fourth. The forests from all folds of fold 2 are those in force.
set -eu
corpus=$(realpath "$1")
work=$(realpath "$2")
fold=${FOLD:-2}
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
calls=$work/fold$fold
cargo build --quiet --release --example score_ear
for k in 0 1 2 3; do
    net=$calls/without$k
    START=$calls/start.bin WITHOUT=$k "$here/networks.sh" "$net" "$calls/a" "$calls/b" "$calls/c" "$calls/d" "$calls/e" "$calls/f"
    for set in 30 31 32 33 360; do
        left=$work/left/$set$k
        # The second pool's speakers are short: messages of a minute are made for themselves, lest the forests know none.
        what="--scale 0.5"
        [ $set != 360 ] || what="--only message_minutes"
        [ -f "$left/complete" ] || {
            "$python" "$here/calls.py" --corpus "$corpus" --out "$left" --side left --without $k --seed $set$k $what --prefix l${k}_
            "$python" "$corpus/sanitize.py" "$left"
            touch "$left/complete"
        }
        EAR_WEIGHTS=$net target/release/examples/score_ear "$left" > "$left/said.jsonl"
    done
done
part() { echo "$work/left/$1=$work/left/$1/said.jsonl"; }
sets= long= unseen=
for k in 0 1 2 3; do
    sets="$sets $(part 30$k),$(part 31$k),$(part 32$k)"
    long="$long $(part 360$k)"
    unseen="$unseen $(part 33$k)"
done
into=$calls
[ "$fold" != 2 ] || into=src/call/verdict/doubt
folds=$(for k in 0 1 2 3; do echo "$(part 30$k),$(part 31$k),$(part 32$k),$(part 360$k)"; done)
"$python" "$here/doubt.py" $folds --unseen $unseen --into "$into"
for name in rules two three; do
    "$python" "$here/report.py" "$name" $(echo $sets | sed "s/\.jsonl/.jsonl.$name/g")
    "$python" "$here/report.py" "$name, nothing fitted" $(echo $unseen | sed "s/\.jsonl/.jsonl.$name/g")
    "$python" "$here/report.py" "$name, long messages" $(echo $long | sed "s/\.jsonl/.jsonl.$name/g")
done
