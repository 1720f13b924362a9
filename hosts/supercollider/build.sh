#!/usr/bin/env bash
# Builds the plug-in for SuperCollider into target/hosts/supercollider or
# GATEBEND_HOSTS/supercollider: a folder for the user's Extensions.
# Usage: hosts/supercollider/build.sh [--missing]
#   --missing  only lists missing tools; fails if there are none
# SC_HEADERS is the folder of SuperCollider's headers, otherwise /usr/include/SuperCollider.
set -euo pipefail
cd "$(dirname "$0")"

headers=${SC_HEADERS:-/usr/include/SuperCollider}
if [ "${1:-}" = --missing ]; then
    status=1
    missing() { echo "$1"; status=0; }
    ../capi/build.sh --missing && status=0
    command -v "${CXX:-g++}" >/dev/null || missing "${CXX:-g++}"
    [ -e "$headers/plugin_interface/SC_PlugIn.h" ] || missing "SC_PlugIn.h (supercollider-dev)"
    command -v scsynth >/dev/null || missing "scsynth (supercollider-server)"
    command -v sclang >/dev/null || missing "sclang (supercollider-language)"
    exit "$status"
fi

export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/../../target}/hosts}
../capi/build.sh
out=$GATEBEND_HOSTS/supercollider
rm -rf "$out"
mkdir -p "$out"
cp -R Classes HelpSource examples Gatebend.quark README.md "$out"

# Without what would need the C++ library. The plug-in stays in memory when the server unloads
# it, since synths still end then.
"${CXX:-g++}" -std=c++17 -O2 -fPIC -Wall -Wextra \
    -fno-exceptions -fno-rtti -fvisibility=hidden -ffunction-sections \
    -I"$GATEBEND_HOSTS/include" -I"$headers/plugin_interface" -I"$headers/common" \
    -shared -nodefaultlibs -s -Wl,-z,nodelete -Wl,--no-undefined \
    -Wl,--exclude-libs,ALL -Wl,--gc-sections \
    -o "$out/Gatebend.so" plugin/*.cpp "$GATEBEND_HOSTS/lib/libgatebend.a" \
    -lpthread -ldl -lm -lc -lgcc_s -lgcc
