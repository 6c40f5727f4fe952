#!/bin/sh
# Starts the server that `make run` has built, and says where to click.
#
# The two links are made once and kept in ./data/links, so that they stay the same. Whoever can
# read that file can enter the room.
set -eu
cd "$(dirname "$0")/.."
kreide=target/release/kreide
data=data
url=http://localhost:8080
room=klasse

if [ ! -s "$data/links" ]; then
    mkdir -p -m 700 "$data"
    teacher=$("$kreide" link --data "$data" --url "$url" --room "$room" --role teacher --name Teacher)
    class=$("$kreide" link --data "$data" --url "$url" --room "$room" --role pupil --class)
    (umask 077 && printf '%s\n%s\n' "$teacher" "$class" >"$data/links")
fi

printf '\n  Teacher  %s\n  Class    %s\n\n' "$(sed -n 1p "$data/links")" "$(sed -n 2p "$data/links")"
printf 'Open them as soon as it says "ready". Ctrl-C ends the server.\n\n'
exec "$kreide" serve --data "$data" --http 127.0.0.1:8080 --media 0.0.0.0:7880
