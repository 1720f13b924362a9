#!/usr/bin/env bash
# Builds the plug-in for SuperCollider into GATEBEND_HOSTS/supercollider, a folder for the
# user's Extensions; or for another processor into GATEBEND_HOSTS/TARGET/supercollider.
# Usage: hosts/build.sh supercollider [--target amd64|arm64|armv7] [--missing]
#   --target   builds for Linux on another processor, or for older systems, with zig
#   --missing  only lists missing tools; fails if there are none
# SC_HEADERS names the folder of SuperCollider's headers, if not /usr/include/SuperCollider.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "hosts/supercollider/build.sh: $*" >&2; exit 1; }

target='' ask=false
while [ $# -gt 0 ]; do
    case $1 in
    --target)
        [ $# -gt 1 ] || fail "--target needs amd64, arm64 or armv7"
        target=$2
        shift
        ;;
    --missing) ask=true ;;
    *) fail "unknown argument $1; see the top of hosts/supercollider/build.sh" ;;
    esac
    shift
done

# The names of processors: Rust's, and the oldest glibc that is supported.
cpu=baseline
case $target in
'') triple='' glibc='' ;;
amd64) triple='' glibc=x86_64-linux-gnu.2.31 ;;
arm64) triple=aarch64-unknown-linux-gnu glibc=aarch64-linux-gnu.2.31 ;;
armv7) triple=armv7-unknown-linux-gnueabihf glibc=arm-linux-gnueabihf.2.24 cpu=cortex_a8 ;;
*) fail "there is no build for $target; there are amd64, arm64 and armv7" ;;
esac

headers=${SC_HEADERS:-/usr/include/SuperCollider}
built=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
export GATEBEND_HOSTS=$built

zig() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/zig/bin
    if [ -n "$(type -P zig)" ]; then command zig "$@"; else PATH=$folder:$PATH python3 -m ziglang "$@"; fi
}

missing() {
    local found=1
    say() { echo "$1"; found=0; }
    [ -e "$headers/plugin_interface/SC_PlugIn.h" ] ||
        say "SC_PlugIn.h is missing; install supercollider-dev, or name its folder with SC_HEADERS"
    if [ -z "$target" ]; then
        ! hosts/capi/build.sh --missing || found=0
        [ -n "$(type -P g++)" ] || say "g++ is missing"
    elif ! zig version >/dev/null 2>&1; then
        say "zig is missing; 'pip install ziglang==0.13.0' or ./cross.sh --install installs it"
    elif [ -n "$triple" ]; then
        ! ./cross.sh --target "$triple" --missing || found=0
    fi
    return "$found"
}
# The tests need the programs, too.
missing_programs() {
    local found=1 program
    for program in scsynth sclang; do
        if [ -z "$(type -P $program)" ]; then
            echo "$program is missing; install supercollider-server and supercollider-language"
            found=0
        fi
    done
    return "$found"
}
if $ask; then
    status=1
    ! missing || status=0
    ! missing_programs || status=0
    exit "$status"
fi
if why=$(missing); then fail "$why"; fi

# The library, and the compiler of the plug-in.
if [ -n "$triple" ]; then
    built=$built/$target
    hosts/capi/build.sh --target "$triple" --prefix "$built"
else
    hosts/capi/build.sh
fi
library=$built/lib/libgatebend.a
[ "$target" != amd64 ] || built=$built/$target
compile() {
    if [ -n "$target" ]; then
        zig c++ -target "$glibc" "-mcpu=$cpu" "$@" -lunwind
    else
        g++ "$@" -nodefaultlibs -lc -lgcc_s -lgcc
    fi
}

folder=$built/supercollider
rm -rf "$folder"
mkdir -p "$folder"
for part in Classes HelpSource examples Gatebend.quark README.md; do
    cp -R "hosts/supercollider/$part" "$folder/"
done
cp LICENSE-MIT LICENSE-APACHE "$folder/"
# Nothing of the C++ library is used. The server ends its synths after it has unloaded its
# plug-ins, so this one stays in memory.
compile -std=c++17 -O2 -fPIC -Wall -Wextra \
    -fno-exceptions -fno-rtti -fvisibility=hidden -ffunction-sections \
    -I hosts/capi/include -isystem "$headers/plugin_interface" -isystem "$headers/common" \
    hosts/supercollider/plugin/*.cpp "$library" -shared -Wl,-s -Wl,-z,nodelete \
    -Wl,--version-script=hosts/supercollider/plugin/exports.map -Wl,--gc-sections \
    -lpthread -ldl -lm -o "$folder/Gatebend.so"
