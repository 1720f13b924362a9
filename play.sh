#!/usr/bin/env bash
# Plays the instrument on this computer, sensor and display simulated. Needs Rust alone.
# Usage: ./play.sh [NAME|NET.json|'EXPRESSION']     ./play.sh --list
set -euo pipefail
what=${1:-running-man}
[ ! -f "$what" ] || what=$(realpath "$what")
cd "$(dirname "$0")"

usage() {
    sed -n '2,3s/^# //p' "$0"
    echo "NAME is a network in assets/networks (default: running-man); an EXPRESSION of t is compiled first."
    echo "With a sound card and a terminal you play it live; else a tour of 30 s is written to out/ and played."
}

case $what in
-h | --help) usage; exit ;;
--list)
    for file in assets/networks/*.json; do basename "$file" .json; done
    exit
    ;;
esac

if ! command -v cargo >/dev/null; then
    echo "play.sh: cargo is missing; install Rust from https://rustup.rs" >&2
    exit 1
fi
# Sound cards are reached through ALSA on Linux, whose headers may be missing.
features=()
if [ "$(uname)" != Linux ] || pkg-config --exists alsa 2>/dev/null; then
    features=(--features sound-card)
fi
echo "Building (the first time takes a minute or two) ..." >&2
cargo build --release --quiet ${features[@]+"${features[@]}"}
gatebend=${CARGO_TARGET_DIR:-target}/release/gatebend

mkdir -p out
if [ -f "$what" ]; then
    network=$what
elif [ -f "assets/networks/$what.json" ]; then
    network=assets/networks/$what.json
elif [[ $what != *.json && $what == *t* && $what == *[-+*/%\&\|^~\<\>?]* ]]; then
    network=out/expression.json
    "$gatebend" compile "$what" --bits 16 -o "$network"
else
    echo "play.sh: no network named $what; ./play.sh --list names them all" >&2
    exit 1
fi

if [ ${#features[@]} -gt 0 ] && [ -t 0 ] && [ -t 1 ]; then
    if "$gatebend" play "$network" --presets out/presets; then exit; fi
    echo "No live sound here; a tour is written instead." >&2
fi

name=$(basename "$network" .json)
sound=out/$name.wav
"$gatebend" play "$network" --script assets/scripts/tour.txt --wav "$sound" --oled "out/$name-display"
echo "The display of the tour is out/$name-display/display.gif"

for player in "pw-play" "paplay" "aplay -q" "afplay" "ffplay -loglevel error -nodisp -autoexit" "mpv --really-quiet" "play -q"; do
    if command -v "${player%% *}" >/dev/null; then
        echo "Playing with ${player%% *}; Ctrl-C stops."
        # Word splitting is meant: a player and its options.
        # shellcheck disable=SC2086
        if $player "$sound"; then exit; fi
        echo "${player%% *} could not play; trying the next player" >&2
    fi
done
echo "No sound player worked here; the sound is in $sound"
