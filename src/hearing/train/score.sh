#!/bin/sh
# Scores the ear on calls rendered from the validation groups alone, and prints the scorer's table.
#   score.sh CORPUS [FOLDER…]
# CORPUS holds pool/, render.py and score.py. Without folders, two sets are rendered (seeds 101 and 202) into
# $CALLS, by default target/ear-calls, from the groups that fold 2 (or $FOLD) keeps back; sets that lie there already are
# heard again. PYTHON names the interpreter
# with requirements.txt installed. REPORT, if set, takes the scorer's figures as JSON.
set -eu
corpus=$(realpath "$1")
shift
here=$(realpath "$(dirname "$0")")
cd "$here/../../.."
python=${PYTHON:-python3}
calls=${CALLS:-target/ear-calls}
if [ $# -eq 0 ]; then
    for seed in 101 202; do
        [ -f "$calls/valid$seed/complete" ] || {
            "$python" "$here/calls.py" --corpus "$corpus" --out "$calls/valid$seed" --seed "$seed" --side valid --fold "${FOLD:-2}" --prefix "v${seed}_"
            "$python" "$corpus/sanitize.py" "$calls/valid$seed"
            touch "$calls/valid$seed/complete"
        }
        set -- "$@" "$calls/valid$seed"
    done
fi
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
for f in "$@"; do cat "$f/manifest.jsonl"; done > "$folder/truth.jsonl"
cargo build --quiet --release --example score_ear
target/release/examples/score_ear "$@" > "$folder/pred.jsonl"
"$python" "$corpus/score.py" --truth "$folder/truth.jsonl" --pred "$folder/pred.jsonl" --json "${REPORT:-/dev/null}"
"$python" "$corpus/tristate.py" "$folder/truth.jsonl" "$folder/pred.jsonl"
