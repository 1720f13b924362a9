#!/usr/bin/env bash
# Plays the instrument on this computer, and opens its page. Needs Rust alone.
# Usage: ./play.sh [--page | --tour] [NAME|NET.json|'EXPRESSION']     ./play.sh --list
#   NAME         a network of assets/networks, which --list names [running-man]
#   'EXPRESSION' of t, compiled to a network first
#   --page       serves the page until Ctrl-C; so it is where there is a terminal
#   --tour       writes 30 s of sound to out/ and plays them; so it is where there is none
#
# Runs in bash 3.2, as macOS has it.
set -euo pipefail

usage() { sed -n '2,7s/^# //p' "${BASH_SOURCE[0]}"; }
fail() { echo "play.sh: $*" >&2; exit 1; }

what='' how=''
for argument in "$@"; do
    case $argument in
    -h | --help) usage && exit ;;
    --list)
        cd "$(dirname "$0")"
        for file in assets/networks/*.json; do basename "$file" .json; done
        exit
        ;;
    --page | --tour) how=${argument#--} ;;
    --*) echo "play.sh: unknown option $argument; see ./play.sh --help" >&2 && exit 2 ;;
    *)
        [ -z "$what" ] || { echo "play.sh: one network at a time; see ./play.sh --help" >&2 && exit 2; }
        what=$argument
        ;;
    esac
done
what=${what:-running-man}
# Nobody at a terminal could end it.
if [ -z "$how" ]; then
    if [ -t 0 ] && [ -t 1 ]; then how=page; else how=tour; fi
fi
[ ! -f "$what" ] || what=$(cd "$(dirname "$what")" && pwd)/$(basename "$what")
cd "$(dirname "$0")"

command -v cargo >/dev/null || fail "cargo is missing; install Rust from https://rustup.rs"
# Sound cards are reached through ALSA on Linux, whose headers may be missing. The page
# sounds in any case.
features=()
if [ "$(uname)" != Linux ] || pkg-config --exists alsa 2>/dev/null; then
    features=(--features sound-card)
fi
gatebend=${CARGO_TARGET_DIR:-target}/play/gatebend
quiet=--quiet
if [ ! -x "$gatebend" ]; then
    echo "Building; the first time it takes a minute or two ..." >&2
    quiet=
fi
cargo build --profile play ${quiet:+"$quiet"} ${features[@]+"${features[@]}"}

mkdir -p out
if [ -f "$what" ]; then
    network=$what
elif [ -f "assets/networks/$what.json" ]; then
    network=assets/networks/$what.json
elif [[ $what != *.json && $what == *t* && $what == *[-+*/%\&\|^~\<\>?]* ]]; then
    network=out/expression.json
    "$gatebend" compile "$what" --bits 16 -o "$network"
else
    fail "no network named $what; ./play.sh --list names them all"
fi

# Shows an address in a browser, where there is a display to show it on.
open_page() { # address
    local opener=
    case $(uname) in
    Darwin) [ -n "${SSH_CONNECTION-}" ] || opener=open ;;
    *) [ -z "${DISPLAY-}${WAYLAND_DISPLAY-}" ] || opener=xdg-open ;;
    esac
    if [ -n "$opener" ] && command -v $opener >/dev/null; then
        $opener "$1" </dev/null >/dev/null 2>&1 &
    else
        echo "Open $1 in a browser."
    fi
}

# What the program says; its page is opened once it is there.
follow() {
    local line
    while IFS= read -r line; do
        echo "$line"
        case $line in
        "Page: "*)
            open_page "${line#Page: }"
            [ -f web/gatebend.wasm ] || echo "To play without this program as well: web/build.sh, once (docs/web.md)."
            echo "Ctrl-C ends it."
            ;;
        esac
    done
}

page() {
    local status
    set -- play "$network" --presets out/presets
    "$gatebend" "$@" | follow || status=${PIPESTATUS[0]}
    if [ "${status:-0}" = 1 ] && [ ${#features[@]} -gt 0 ]; then
        echo "Without a sound card, then: listen in the page." >&2
        status=0
        "$gatebend" "$@" --silent | follow || status=${PIPESTATUS[0]}
    fi
    exit "${status:-0}"
}

tour() {
    local name sound player
    name=$(basename "$network" .json)
    sound=out/$name.wav
    "$gatebend" play "$network" --script assets/scripts/tour.txt --wav "$sound" --oled "out/$name-display"
    echo "The display of the tour is out/$name-display/display.gif"
    for player in "pw-play" "paplay" "aplay -q" "afplay" "ffplay -loglevel error -nodisp -autoexit" \
        "mpv --really-quiet" "play -q"; do
        if command -v "${player%% *}" >/dev/null; then
            echo "Playing with ${player%% *}; Ctrl-C stops."
            # Word splitting is meant: a player and its options.
            # shellcheck disable=SC2086
            if $player "$sound" </dev/null; then return; fi
            echo "${player%% *} could not play; trying the next player" >&2
        fi
    done
    echo "No sound player worked here; the sound is in $sound"
}

$how
