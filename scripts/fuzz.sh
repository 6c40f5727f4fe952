#!/bin/sh
# Searches for inputs that break a parser, from the corpora of fuzz/ on.
#
#   scripts/fuzz.sh SECONDS [TARGET...]   each target (all, if none is named) for so many seconds
#
# All programs are built first, then as many search side by side as there are processors. What is
# found on the way is kept in target/fuzz, so that the next search goes on from there. An input
# that breaks something is printed with its path: repair, and keep it in fuzz/corpus/TARGET.
set -eu
cd "$(dirname "$0")/.."

# No sanitizer: our crates hold no unsafe code, and stable Rust has none.
options='--fuzz-dir fuzz/libfuzzer --sanitizer none --target-dir target/fuzz'

# search SECONDS TARGET: one search, in a process of its own.
search() {
    seconds=$1 target=$2
    found=target/fuzz/corpus/$target
    broken=$PWD/target/fuzz/artifacts/$target/
    log=target/fuzz/$target.log
    mkdir -p "$found" "$broken"
    # Ten seconds: an input takes microseconds, but the machine may stand still for a moment.
    "target/fuzz/$FUZZ_HOST/release/$target" "$found" "fuzz/corpus/$target" \
        -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$broken" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        printf 'fuzz: %s breaks: see %s\n' "$target" "$log" >&2
        # xargs starts nothing more.
        exit 255
    }
    done=$(sed -n 's/^#\([0-9]*\).*DONE.* cov: \([0-9]*\).*/\1 inputs, \2 edges/p' "$log")
    printf 'fuzz: %-16s %s s, %s\n' "$target" "$seconds" "${done:?nothing was searched}"
}

if [ "${1:-}" = --one ]; then
    search "$2" "$3"
    exit
fi
seconds=${1:?say how many seconds each target gets}
shift
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\([a-z0-9_]*\)"$/\1/p' fuzz/libfuzzer/Cargo.toml)

mkdir -p target/fuzz
FUZZ_HOST=$(rustc -vV | sed -n 's/^host: //p')
export FUZZ_HOST
# shellcheck disable=SC2086 # The options are words.
cargo fuzz build $options >target/fuzz/build.log 2>&1 || {
    cat target/fuzz/build.log >&2
    exit 1
}
printf '%s\n' "$@" | xargs -n 1 -P "$(nproc)" scripts/fuzz.sh --one "$seconds"
