#!/usr/bin/env bash
# Builds the opcodes for Csound, with their manual, into GATEBEND_HOSTS/csound.
# Usage: hosts/build.sh csound [--missing]
#   --missing  only lists missing tools; fails if there are none
# CSOUND_HEADERS names the folder of csdl.h, if not /usr/include/csound.
set -euo pipefail
cd "$(dirname "$0")/../.."

headers=${CSOUND_HEADERS:-/usr/include/csound}
missing() {
    local found=1
    say() { echo "$1"; found=0; }
    [ -e "$headers/csdl.h" ] ||
        say "csdl.h is missing; install libcsound64-dev, or name its folder with CSOUND_HEADERS"
    ! hosts/capi/build.sh --missing || found=0
    return "$found"
}
if [ "${1:-}" = --missing ]; then
    status=1
    ! missing || status=0
    # The tests need the program, too.
    [ -n "$(type -P csound)" ] || { echo "csound is missing" && status=0; }
    exit "$status"
fi
if why=$(missing); then echo "hosts/csound/build.sh: $why" >&2 && exit 1; fi

built=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
export GATEBEND_HOSTS=$built
hosts/capi/build.sh
folder=$built/csound
rm -rf "$folder"
mkdir -p "$folder"
for part in doc examples risset.json README.md; do
    cp -R "hosts/csound/$part" "$folder/"
done
cp LICENSE-MIT LICENSE-APACHE "$folder/"

# The opcodes stay in memory when Csound unloads them: a thread of theirs may end later.
cc -std=c99 -D_XOPEN_SOURCE=700 -DUSE_DOUBLE -O2 -fPIC -Wall -Wextra \
    -fvisibility=hidden -ffunction-sections -I hosts/capi/include -isystem "$headers" \
    hosts/csound/plugin/*.c "$built/lib/libgatebend.a" -shared -Wl,-s -Wl,-z,nodelete \
    -Wl,--no-undefined -Wl,--exclude-libs,ALL -Wl,--gc-sections \
    -lpthread -ldl -lm -lgcc_s -o "$folder/libgatebend.so"
