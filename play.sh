#!/usr/bin/env bash
# Plays the instrument on this computer and opens its page. Only needs Rust.
# Usage: ./play.sh [--page | --tour] [NAME|NET.json|'EXPRESSION']     ./play.sh --list
#   NAME         a network of assets/networks, see --list [what was played last, or running-man]
#   'EXPRESSION' an expression of t, which is compiled to a network first
#   --page       serves the page until Ctrl-C, and saves in out/ (default in a terminal)
#   --tour       writes 30 s of sound to out/ and plays it (default elsewhere)
#
# Compatible with bash 3.2, the version of macOS.
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
    # An expression may begin with --, as in --t%9, but not with two letters after it.
    --[a-z][a-z]*) echo "play.sh: unknown option $argument; see ./play.sh --help" >&2 && exit 2 ;;
    *)
        [ -z "$what" ] || { echo "play.sh: only one network can be given; see ./play.sh --help" >&2 && exit 2; }
        what=$argument
        ;;
    esac
done
named=$what
what=${what:-running-man}
# Without a terminal, Ctrl-C could not end the page.
if [ -z "$how" ]; then
    if [ -t 0 ] && [ -t 1 ]; then how=page; else how=tour; fi
fi
[ ! -f "$what" ] || what=$(cd "$(dirname "$what")" && pwd)/$(basename "$what")
cd "$(dirname "$0")"

command -v cargo >/dev/null || fail "cargo is missing; install Rust from https://rustup.rs"
# On Linux, sound cards need ALSA, whose headers may be missing. The page plays sound in any
# case.
features=()
if [ "$(uname)" != Linux ] || pkg-config --exists alsa 2>/dev/null; then
    features=(--features sound-card)
fi
gatebend=${CARGO_TARGET_DIR:-target}/play/gatebend
quiet=--quiet
if [ ! -x "$gatebend" ]; then
    echo "Building; the first time takes a minute or two ..." >&2
    quiet=
fi
cargo build --profile play ${quiet:+"$quiet"} ${features[@]+"${features[@]}"}

mkdir -p out
if [ -f "$what" ]; then
    network=$what
elif [ -f "assets/networks/$what.json" ]; then
    network=assets/networks/$what.json
elif [[ $what != *.[jJ][sS][oO][nN] && $what == *t* && $what == *[-+*/%\&\|^~\<\>?]* ]]; then
    network=out/expression.json
    "$gatebend" compile "$what" -o "$network"
else
    fail "no network named $what; ./play.sh --list shows all names"
fi

# Opens an address in a browser if there is a display.
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

# Prints the program's output, and opens its page as soon as it is served.
follow() {
    local line
    while IFS= read -r line; do
        echo "$line"
        case $line in
        "Page: "*)
            open_page "${line#Page: }"
            [ -f web/gatebend.wasm ] || echo "Run web/build.sh once to make the page play without this program, too (docs/web.md)."
            echo "Ctrl-C ends it."
            ;;
        esac
    done
}

page() {
    local status
    set -- play --state out
    # Without a name, the page continues with what was played last.
    if [ -n "$named" ] || [ ! -f out/state.json ]; then set -- "$@" "$network"; fi
    "$gatebend" "$@" | follow || status=${PIPESTATUS[0]}
    if [ "${status:-0}" = 1 ] && [ ${#features[@]} -gt 0 ]; then
        echo "Starting without a sound card; listen in the page." >&2
        status=0
        "$gatebend" "$@" --silent | follow || status=${PIPESTATUS[0]}
    fi
    exit "${status:-0}"
}

tour() {
    local name sound player
    name=$(basename "${network%.[jJ][sS][oO][nN]}")
    sound=out/$name.wav
    "$gatebend" play "$network" --script assets/scripts/tour.txt --wav "$sound" --oled "out/$name-display"
    echo "The display during the tour is in out/$name-display/display.gif"
    for player in "pw-play" "paplay" "aplay -q" "afplay" "ffplay -loglevel error -nodisp -autoexit" \
        "mpv --really-quiet" "play -q"; do
        if command -v "${player%% *}" >/dev/null; then
            echo "Playing with ${player%% *}; Ctrl-C stops."
            # Word splitting is intended: a player and its options.
            # shellcheck disable=SC2086
            if $player "$sound" </dev/null; then return; fi
            echo "${player%% *} failed; trying the next player" >&2
        fi
    done
    echo "No sound player worked; the sound is in $sound"
}

$how
