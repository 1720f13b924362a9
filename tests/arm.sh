#!/usr/bin/env bash
# Tests the BeagleBone Black's binary under emulation, and the Bela Gem's build.
# Usage: tests/arm.sh PART [--missing]   or   tests/arm.sh --install
#   binary  builds; works with an old glibc, evaluates with NEON and is small
#   sound   sound and pictures equal those of this computer, byte for byte
#   board   plays and displays the same on a test double of Bela as on a desk: tests/board.rs
#   cost    instruction counts stay within the bounds of benches/arm
#   gem     builds for aarch64
#   --missing  only lists missing tools for the part; fails if there are none
#   --install  installs the tools for all parts from Debian and PyPI (root, network)
set -euo pipefail
cd "$(dirname "$0")/.."

black=armv7-unknown-linux-gnueabihf
gem=aarch64-unknown-linux-gnu

missing() { # part
    case $1 in
    binary) ./cross.sh --target $black --missing ;;
    sound | board)
        ./cross.sh --target $black --missing && return
        if ! command -v qemu-arm-static >/dev/null; then
            echo "qemu-arm-static is missing (package qemu-user-static)"
        elif [ ! -e /lib/ld-linux-armhf.so.3 ]; then
            echo "ARM's C library is missing (package libc6:armhf)"
        else
            return 1
        fi
        ;;
    cost) ./cross.sh --target $black --missing || benches/arm/run.sh --missing ;;
    gem) ./cross.sh --target $gem --missing ;;
    *) echo "tests/arm.sh: there is no part $1" >&2 && exit 2 ;;
    esac
}

install() {
    ./cross.sh --target $black --install >/dev/null
    ./cross.sh --target $gem --install >/dev/null
    benches/arm/run.sh --install
    apt-get install -q -y --no-install-recommends qemu-user-static
}

# The time limit only ends programs that hang; an emulator cannot measure time.
emulated() { timeout 600 qemu-arm-static -cpu cortex-a8 "$@"; }

same() { # description, file
    diff -rq "$work/native/$2" "$work/arm/$2" || { echo "$1 differs" >&2 && exit 1; }
}

sound() {
    local native arm name
    cargo build --quiet --release --bin gatebend
    native=${CARGO_TARGET_DIR:-target}/release/gatebend
    arm=$(./cross.sh --target $black)
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/native" "$work/arm"
    for name in running-man street-surfer storm trained-stairs; do
        "$native" render "assets/networks/$name.json" -o "$work/native/$name.wav"
        emulated "$arm" render "assets/networks/$name.json" -o "$work/arm/$name.wav"
        same "$name" "$name.wav"
    done
    set -- play --board desk --fast --script tests/scripts/everything.txt
    "$native" "$@" --wav "$work/native/sound.wav" --tap "$work/native/exact.wav" --oled "$work/native/oled"
    emulated "$arm" "$@" --wav "$work/arm/sound.wav" --tap "$work/arm/exact.wav" --oled "$work/arm/oled"
    same "the exact sound" exact.wav
    same "the sound" sound.wav
    same "the display" oled
    # Sound to hear and, from a network that hears it, two channels.
    "$native" render assets/networks/storm.json -o "$work/heard.wav"
    set -- play tests/scripts/hearing.json --board desk --fast --script tests/scripts/hearing.txt \
        --in "$work/heard.wav" --control depth=0.25
    "$native" "$@" --wav "$work/native/played.wav" --tap "$work/native/hearing.wav"
    emulated "$arm" "$@" --wav "$work/arm/played.wav" --tap "$work/arm/hearing.wav"
    same "the exact sound of a network that hears" hearing.wav
    same "the sound of a network that hears" played.wav
    # What is learned depends on seed and work, not on the processor.
    set -- train 't*(42&t>>10)' --bits 14 --gates 60 --method search --work 2000000 --seed 1 --runs 1
    "$native" "$@" -o "$work/native/learned.json"
    emulated "$arm" "$@" -o "$work/arm/learned.json"
    same "a network that learned" learned.json
    set -- train 't*(42&t>>10)' --bits 12 --gates 60 --method gradient --work 2000000 --seed 1 --runs 1
    "$native" "$@" -o "$work/native/gradient.json"
    emulated "$arm" "$@" -o "$work/arm/gradient.json"
    same "a network that learned by gradients" gradient.json
    echo "identical: $(find "$work/arm" -type f | wc -l) files of sound and pictures"
}

# Bela's library and bus are test doubles, compiled for ARM like the program.
board() {
    local arm i2c libbela
    arm=$(./cross.sh --target $black)
    i2c=$(./cross.sh --target $black --package i2c-double)
    libbela=$(dirname "$i2c")/libbela.so
    PATH=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/zig/bin:$PATH python3 -m ziglang cc \
        -target arm-linux-gnueabihf.2.24 -shared -fPIC -pthread -O1 \
        -o "$libbela" tests/doubles/libbela.c -lm
    BOARD_RUN="qemu-arm-static -cpu cortex-a8" BOARD_BINARY=$(realpath "$arm") \
        BOARD_I2C=$(realpath "$i2c") BOARD_LIBBELA=$(realpath "$libbela") \
        timeout 1200 cargo test --quiet --test board -- --test-threads 1
}

part=${1:?tests/arm.sh: a part is missing; see the top of the script}
if [ "${2:-}" = --missing ]; then
    missing "$part"
    exit
fi
case $part in
binary) ./cross.sh --target $black --check >/dev/null ;;
board) board ;;
sound) sound ;;
cost) benches/arm/run.sh --check ;;
gem) ./cross.sh --target $gem --check >/dev/null ;;
--install) install ;;
*) sed -n '2,/^set /s/^# //p' "$0" && exit 2 ;;
esac
