#!/usr/bin/env bash
# Builds the externals for a Bela's processor (armv7), and tests them in Debian's Pd for it,
# which runs in qemu.
# Usage: hosts/pd/arm.sh [--missing]
#   --missing  only lists missing tools; fails if there are none
# Needs Debian with the architecture armhf (dpkg --add-architecture armhf), libc6:armhf and
# qemu-user-static, and GATEBEND, the program for this machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend
pd=$cache/pd-armhf
export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
export GATEBEND=${GATEBEND:-${CARGO_TARGET_DIR:-$PWD/target}/release/gatebend}

missing() {
    local found=1
    if ! command -v qemu-arm-static >/dev/null; then
        echo "qemu-arm-static is missing (package qemu-user-static)"
        found=0
    fi
    if [ ! -e /lib/ld-linux-armhf.so.3 ]; then
        echo "the C library for armhf is missing (package libc6:armhf)"
        found=0
    fi
    ! hosts/pd/build.sh --target armv7 --missing || found=0
    return "$found"
}

# Unpacks Pd for armhf with its libraries, without installing them.
unpack() {
    local folder
    folder=$(mktemp -d)
    (
        cd "$folder"
        apt-get download -q puredata-core:armhf libasound2:armhf libjack-jackd2-0:armhf \
            libportaudio2:armhf libdb5.3:armhf libopus0:armhf libsamplerate0:armhf \
            libstdc++6:armhf
        for file in *.deb; do dpkg -x "$file" tree; done
    ) >&2
    mkdir -p "$cache"
    rm -rf "$pd"
    mv "$folder/tree" "$pd"
    rm -rf "$folder"
}

if [ "${1:-}" = --missing ]; then
    missing
    exit
fi
if why=$(missing); then
    echo "hosts/pd/arm.sh: $why" >&2
    exit 1
fi
[ -x "$pd/usr/bin/puredata" ] || unpack
hosts/pd/build.sh --target armv7
PD="qemu-arm-static -E LD_LIBRARY_PATH=$pd/usr/lib/arm-linux-gnueabihf $pd/usr/bin/puredata"
PATH=$cache/zig/bin:$PATH
CC="python3 -m ziglang cc -target arm-linux-gnueabihf.2.24"
export PATH PD CC PD_TARGET=armv7
cargo test --quiet -p gatebend-hosts --test pd -- --test-threads=2
