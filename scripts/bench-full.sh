#!/bin/sh
# Writes a report of this machine: its floor, how many classrooms fit it, and every scenario of the
# load test. Wants a machine that does nothing else for some minutes.
set -eu
cd "$(dirname "$0")/.."
OUT=${OUT:-benches/results/$(date +%F)-$(uname -n)}
export OUT
mkdir -p "$OUT"
{
    echo "commit    $(git rev-parse HEAD)"
    echo "command   SECONDS_EACH=${SECONDS_EACH:-20} make bench-full"
    echo "date      $(date --utc +%FT%TZ)"
    echo "processor $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c | sed 's/^ *//')"
    echo "kernel    $(uname -sr)"
} >"$OUT/machine.txt"
cargo run --release --quiet --locked --package kreide-floor -- --json "$OUT/floor.json" |
    tee "$OUT/floor.txt"
target/release/capacity --fine --seconds "${SECONDS_EACH:-20}" --json "$OUT/capacity.json" |
    tee "$OUT/capacity.txt"
scripts/loadtest.sh full | tee "$OUT/loadtest.txt"
