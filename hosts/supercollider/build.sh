#!/usr/bin/env bash
# Builds the plug-in for SuperCollider into GATEBEND_HOSTS/supercollider, a folder for the
# user's Extensions; or for another processor into GATEBEND_HOSTS/TARGET/supercollider.
# Usage: hosts/build.sh supercollider [--target amd64|arm64|armv7] [--missing]
#   --target   builds for Linux on another processor, or for older systems, with zig
#   --missing  only lists missing tools; fails if there are none
# SC_HEADERS names the folder of SuperCollider's headers, if not /usr/include/SuperCollider.
set -euo pipefail
cd "$(dirname "$0")/../.."

source hosts/target.sh "$@"

headers=${SC_HEADERS:-/usr/include/SuperCollider}
missing() {
    local found=1
    say() { echo "$1"; found=0; }
    [ -e "$headers/plugin_interface/SC_PlugIn.h" ] ||
        say "SC_PlugIn.h is missing; install supercollider-dev, or name its folder with SC_HEADERS"
    [ -n "$target" ] || [ -n "$(type -P g++)" ] || say "g++ is missing"
    ! missing_compilers || found=0
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

build_library
folder=$GATEBEND_HOSTS/${target:+$target/}supercollider
rm -rf "$folder"
mkdir -p "$folder"
for part in Classes HelpSource examples Gatebend.quark README.md; do
    cp -R "hosts/supercollider/$part" "$folder/"
done
cp LICENSE-MIT LICENSE-APACHE "$folder/"
# The server ends its synths after it has unloaded its plug-ins, so this one stays in memory.
compile c++ -std=c++17 -O2 -fPIC -Wall -Wextra \
    -fno-exceptions -fno-rtti -fvisibility=hidden -ffunction-sections \
    -I hosts/capi/include -isystem "$headers/plugin_interface" -isystem "$headers/common" \
    hosts/supercollider/plugin/*.cpp "$library" -shared -Wl,-s -Wl,-z,nodelete \
    -Wl,--version-script=hosts/supercollider/plugin/exports.map -Wl,--gc-sections \
    -lpthread -ldl -lm -o "$folder/Gatebend.so"
