#!/usr/bin/env bash
# Builds difflogic~ and difflogic for Pure Data, with their help, into
# GATEBEND_HOSTS/pd/TARGET/difflogic, where TARGET is this machine's if none is given.
# Usage: hosts/build.sh pd [--target amd64|arm64|armv7] [--missing]
#   --target   builds for Linux on another processor, or for older systems, with zig
#   --missing  only lists missing tools; fails if there are none
# PD_INCLUDE names the folder of m_pd.h, and PD_FLOATSIZE=64 builds for Pd in double precision.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "hosts/pd/build.sh: $*" >&2; exit 1; }

target='' ask=false
while [ $# -gt 0 ]; do
    case $1 in
    --target)
        [ $# -gt 1 ] || fail "--target needs amd64, arm64 or armv7"
        target=$2
        shift
        ;;
    --missing) ask=true ;;
    *) fail "unknown argument $1; see the top of hosts/pd/build.sh" ;;
    esac
    shift
done

# The names of processors: Pd's, Rust's, and the oldest glibc that is supported.
cpu=baseline
case ${target:-$(uname -m)} in
amd64 | x86_64) processor=amd64 triple=x86_64-unknown-linux-gnu glibc=x86_64-linux-gnu.2.31 ;;
arm64 | aarch64) processor=arm64 triple=aarch64-unknown-linux-gnu glibc=aarch64-linux-gnu.2.31 ;;
armv7 | armv7l)
    processor=armv7 triple=armv7-unknown-linux-gnueabihf glibc=arm-linux-gnueabihf.2.24
    cpu=cortex_a8
    ;;
*) fail "there is no build for ${target:-$(uname -m)}; there are amd64, arm64 and armv7" ;;
esac

include=${PD_INCLUDE:-/usr/include/pd}
floats=${PD_FLOATSIZE:-32}
built=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
export GATEBEND_HOSTS=$built

zig() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/zig/bin
    if [ -n "$(type -P zig)" ]; then command zig "$@"; else PATH=$folder:$PATH python3 -m ziglang "$@"; fi
}

missing() {
    local found=1
    if [ ! -f "$include/m_pd.h" ]; then
        echo "m_pd.h is missing; install puredata-dev, or name its folder with PD_INCLUDE"
        found=0
    fi
    if [ -z "$target" ]; then
        ! hosts/capi/build.sh --missing || found=0
    elif ! zig version >/dev/null 2>&1; then
        echo "zig is missing; 'pip install ziglang==0.13.0' or ./cross.sh --install installs it"
        found=0
    elif [ "$processor" != amd64 ]; then
        ! ./cross.sh --target "$triple" --missing || found=0
    fi
    return "$found"
}
if $ask; then
    missing
    exit
fi
if why=$(missing); then fail "$why"; fi

# The library, and the compiler of the externals.
if [ -z "$target" ] || [ "$processor" = amd64 ]; then
    hosts/capi/build.sh
    library=$built/lib/libgatebend.a
else
    hosts/capi/build.sh --target "$triple" --prefix "$built/$processor"
    library=$built/$processor/lib/libgatebend.a
fi
compile() {
    if [ -n "$target" ]; then zig cc -target "$glibc" "-mcpu=$cpu" "$@" -lunwind; else cc "$@"; fi
}

folder=$built/pd/$processor/difflogic
rm -rf "$folder"
mkdir -p "$folder"
ending=pd_linux
[ "$floats" = 32 ] || ending=linux-$processor-$floats.so
for name in difflogic~ difflogic; do
    compile -std=c99 -Wall -Wextra -O2 -fPIC -fvisibility=hidden -shared "-DPD_FLOATSIZE=$floats" \
        -isystem "$include" -I hosts/capi/include "hosts/pd/$name.c" "$library" \
        -Wl,--version-script=hosts/pd/exports.map -Wl,--gc-sections -Wl,-s -lm -lpthread -ldl \
        -o "$folder/$name.$ending"
done
cp hosts/pd/*-help.pd hosts/pd/README.md LICENSE-MIT LICENSE-APACHE "$folder/"
for network in forty-two trained-forty-two origami; do
    cp "assets/networks/$network.json" "$folder/"
done
echo "$folder"
