#!/bin/sh
# Measures the server that `make loadtest` has built: a lesson, and one speaker to many.
#
# Everything happens in a temporary folder and on the loopback address; SECONDS_EACH says how long
# each is measured, OUT where the reports are kept (nowhere, if it is empty).
set -eu
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-20}
folder=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

play() {
    name=$1
    shift
    # A server of its own for each, so that memory and processor time are those of this scenario.
    target/release/kreide serve --data "$folder/$name" --http 127.0.0.1:0 --media 127.0.0.1:0 \
        --shards 1 --log-filter warn >"$folder/said" &
    server=$!
    until grep -q '^ready$' "$folder/said"; do
        kill -0 "$server" || exit 1
        sleep 0.1
    done
    url=$(sed -n 's/^http *//p' "$folder/said")
    [ -z "${OUT:-}" ] || { mkdir -p "$OUT" && set -- "$@" --json "$OUT/$name.json" --html "$OUT/$name.html"; }
    target/release/loadtest run "$name" --against "$url" --data "$folder/$name" --seconds "$seconds" "$@"
    kill "$server"
    wait "$server" || true
    server=
}

play classroom --set participants=30
play webinar --set subscribers=200
