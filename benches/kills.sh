#!/bin/sh
# Kills a sweep of 400 towns of some 500 meters at 50 moments, lets it go on, and compares it with one that nobody killed.
# Takes the program and a folder that is not there yet: benches/kills.sh target/release/amitwin killed
set -eu
program=$(realpath "$1")
mkdir "$2"
cd "$2"
cat > town.toml <<'TOWN'
name = "town"
duration = "1h"
[placement]
generator = "suburb"
meters = 500
gateways = 1
[traffic]
push = "15min"
TOWN
vary="--vary placement.meters=301..700/400"
"$program" -q sweep town.toml $vary -o whole > /dev/null
kills=0
for moment in $(awk 'BEGIN { srand(1); for (i = 0; i < 50; i++) printf "%.3f ", 0.3 + 0.5 * rand() }'); do
    "$program" -q sweep town.toml $vary -o torn --resume > /dev/null &
    process=$!
    sleep "$moment"
    kill -9 "$process" 2> /dev/null && kills=$((kills + 1))
    wait "$process" 2> /dev/null || true
done
echo "$kills kills, after which $(ls torn/cases/*.json | wc -l) of 400 cases had ended"
"$program" -q sweep town.toml $vary -o torn --resume > /dev/null
for file in cases.parquet summary.json report.html; do
    cmp "whole/$file" "torn/$file"
done
echo "the same bytes"
