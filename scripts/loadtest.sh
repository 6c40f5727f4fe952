#!/bin/sh
# Measures the server that `make loadtest` has built: a lesson, and one speaker to many. Called with
# `strict` it does so in seconds and fails if anything is lost; with `full` it measures everything
# that a report of this machine holds.
#
# Everything happens in a temporary folder and on the loopback address; SECONDS_EACH says how long
# each is measured, OUT where the reports are kept (nowhere, if it is empty).
set -eu
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-20}
folder=$(mktemp -d)
# A thousand people hold a thousand WebSockets, and many systems begin with 1,024 descriptors.
ulimit -n "$(ulimit -H -n)"
server=
finish() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# play NAME SCENARIO OPTION...: under a name of its own in the reports.
play() {
    name=$1 scenario=$2
    shift 2
    # A server of its own for each, so that memory and processor time are those of this scenario.
    target/release/kreide serve --data "$folder/$name" --http 127.0.0.1:0 --media 127.0.0.1:0 \
        --shards 1 --log-filter warn >"$folder/$name.said" &
    server=$!
    until grep -q '^ready$' "$folder/$name.said" 2>/dev/null; do
        kill -0 "$server" || exit 1
        sleep 0.1
    done
    url=$(sed -n 's/^http *//p' "$folder/$name.said")
    [ -z "${OUT:-}" ] || { mkdir -p "$OUT" && set -- "$@" --json "$OUT/$name.json"; }
    target/release/loadtest run "$scenario" --against "$url" --data "$folder/$name" --seconds "$seconds" "$@"
    kill "$server"
    wait "$server" || true
    server=
}

case ${1:-short} in
strict)
    seconds=${SECONDS_EACH:-5}
    play classroom classroom --set participants=30 --strict
    play webinar webinar --set subscribers=200 --strict
    ;;
short)
    play classroom classroom --set participants=30
    play webinar webinar --set subscribers=200
    ;;
full)
    for cameras in 5 10 26; do
        play "classroom-$cameras-cameras" classroom --set participants=30 --set "cameras=$cameras"
    done
    play classroom-30-cameras classroom --set participants=30 --set cameras=29 --set late=0
    play classroom-recorded classroom --set participants=30 --set record=true
    for viewers in 50 200 400 1000; do
        play "webinar-$viewers" webinar --set "subscribers=$viewers"
    done
    for viewers in 10 50 200 400; do
        play "fanout-$viewers-480pps" fanout --set "subscribers=$viewers" --set pps=480
    done
    for viewers in 200 1000; do
        play "fanout-$viewers-120pps" fanout --set "subscribers=$viewers" --set pps=120
    done
    play drip-200-120pps drip --set subscribers=200 --set pps=120
    play bell-200-in-2-s webinar --set subscribers=200 --set late=200
    play bell-200-in-10-s bell --set rooms=7 --set participants=30 --set within=10
    play parents parents
    play churn churn
    play idle-200 idle
    ;;
*)
    echo "usage: $0 [strict|short|full]" >&2
    exit 2
    ;;
esac
