#!/bin/sh
# Installs what is missing on a fresh Debian 12 with cargo and node; touches nothing that is there.
#
#   scripts/setup.sh run     what `make run` needs
#   scripts/setup.sh test    what `make test` needs: browsers, checkers and the fuzzer besides
#   scripts/setup.sh fuzz    what `make fuzz` needs
set -eu
cd "$(dirname "$0")/.."
goal=${1:-run}
missing=

say() { printf 'setup: %s\n' "$*"; }
stop() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
# need COMMAND PACKAGE: remembers a Debian package whose command is not there.
need() { has "$1" || missing="$missing $2"; }

# The two things that Debian does not carry in the version we need are asked for, not installed.
has cargo || stop 'cargo is missing. Install Rust: https://rustup.rs'
has node || stop 'node is missing. Install Node.js 20.19 or newer: https://nodejs.org'
has npm || stop 'npm is missing. It belongs to Node.js: https://nodejs.org'

# at_least HAVE WANT: compares versions.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
have=$(cargo --version | cut -d ' ' -f 2)
at_least "$have" "$rust" || stop "cargo $have is older than $rust. Run: rustup update stable"
have=$(node --version | tr -d v)
at_least "$have" 20.19 || stop "node $have is older than 20.19. See https://nodejs.org"

need cc build-essential
need cmake cmake
if [ "$goal" = test ]; then
    need git git
    need chromium chromium
    need firefox-esr firefox-esr
    need ffmpeg ffmpeg
    need ip iproute2
    # Without any font a headless browser draws boxes.
    [ -n "$(find /usr/share/fonts -name '*.ttf' -print -quit 2>/dev/null)" ] ||
        missing="$missing fonts-dejavu-core"
fi

if [ -n "$missing" ]; then
    advice="Run as root: apt-get update && apt-get install --yes --no-install-recommends$missing"
    has apt-get || stop "missing:$missing. This is no Debian: install them your way."
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif has sudo; then
        as_root=sudo
    else
        stop "missing:$missing, and there is no sudo here." "$advice"
    fi
    say "installing$missing"
    # shellcheck disable=SC2086 # Both are lists of words.
    $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes -qq --no-install-recommends $missing >/dev/null ||
        stop "could not install$missing." "$advice"
fi

if [ "$goal" = test ]; then
    for component in fmt clippy; do
        cargo $component --version >/dev/null 2>&1 && continue
        name=$component
        [ $component = fmt ] && name=rustfmt
        has rustup || stop "cargo $component is missing. Install $name with your Rust."
        say "installing $name"
        rustup --quiet component add $name || stop "could not install $name."
    done
    if ! cargo deny --version >/dev/null 2>&1; then
        say 'building cargo-deny, which checks licences (once, about a minute)'
        cargo install --quiet --locked --debug cargo-deny ||
            stop 'could not install cargo-deny. Try: cargo install --locked cargo-deny'
    fi
fi

if [ "$goal" != run ] && ! cargo fuzz --version >/dev/null 2>&1; then
    say 'building cargo-fuzz (once, half a minute)'
    cargo install --quiet --locked --debug cargo-fuzz ||
        stop 'could not install cargo-fuzz. Try: cargo install --locked cargo-fuzz'
fi
