#!/bin/sh
# Scores the ear on rendered calls: score.sh CORPUS FOLDER…; the corpus folder holds score.py.
set -eu
corpus=$1
shift
cd "$(dirname "$0")/../../.."
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
for f in "$@"; do cat "$f/manifest.jsonl"; done > "$folder/truth.jsonl"
cargo build --quiet --release --example score_ear
nice target/release/examples/score_ear "$@" > "$folder/pred.jsonl"
"${PYTHON:-python3}" "$corpus/score.py" --truth "$folder/truth.jsonl" --pred "$folder/pred.jsonl" --json "${REPORT:-/dev/null}"
