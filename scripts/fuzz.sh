#!/bin/sh
# Searches for inputs that break a parser, from the corpora of fuzz/ on.
#
#   scripts/fuzz.sh SECONDS [TARGET...]   each target (all, if none is named) for so many seconds
#
# What is found on the way is kept in target/fuzz, so that the next search goes on from there. An
# input that breaks something is printed with its path: repair, and keep it in fuzz/corpus/TARGET.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:?say how many seconds each target gets}
shift
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\([a-z0-9_]*\)"$/\1/p' fuzz/libfuzzer/Cargo.toml)

# No sanitizer: our crates hold no unsafe code, and stable Rust has none.
options='--fuzz-dir fuzz/libfuzzer --sanitizer none --target-dir target/fuzz'
for target in "$@"; do
    found=target/fuzz/corpus/$target
    broken=$PWD/target/fuzz/artifacts/$target/
    mkdir -p "$found" "$broken"
    printf 'fuzz: %s for %s s\n' "$target" "$seconds"
    log=target/fuzz/$target.log
    # shellcheck disable=SC2086 # The options are words.
    cargo fuzz run $options "$target" "$found" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -timeout=2 -print_final_stats=1 \
        -artifact_prefix="$broken" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        exit 1
    }
    grep -h 'DONE ' "$log" | sed 's/^/    /'
done
