#!/usr/bin/env bash
# Builds the opcodes for Csound into target/hosts/csound or GATEBEND_HOSTS/csound.
# Usage: hosts/csound/build.sh [--missing]
#   --missing  only lists missing tools; fails if there are none
# CSOUND_HEADERS is the folder of Csound's headers, otherwise /usr/include/csound.
set -euo pipefail
cd "$(dirname "$0")"

headers=${CSOUND_HEADERS:-/usr/include/csound}
if [ "${1:-}" = --missing ]; then
    status=1
    missing() { echo "$1"; status=0; }
    ../capi/build.sh --missing && status=0
    command -v "${CC:-cc}" >/dev/null || missing "${CC:-cc}"
    [ -e "$headers/csdl.h" ] || missing "csdl.h (libcsound64-dev)"
    command -v csound >/dev/null || missing csound
    exit "$status"
fi

export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/../../target}/hosts}
../capi/build.sh
out=$GATEBEND_HOSTS/csound
rm -rf "$out"
mkdir -p "$out"
cp -R doc examples risset.json README.md "$out"

# The opcodes stay in memory when Csound unloads them, since a thread of theirs may still end.
"${CC:-cc}" -std=c99 -D_XOPEN_SOURCE=700 -DUSE_DOUBLE -O2 -fPIC -Wall -Wextra \
    -fvisibility=hidden -ffunction-sections -I"$GATEBEND_HOSTS/include" -isystem "$headers" \
    -shared -s -Wl,-z,nodelete -Wl,--no-undefined -Wl,--exclude-libs,ALL -Wl,--gc-sections \
    -o "$out/libgatebend.so" plugin/*.c "$GATEBEND_HOSTS/lib/libgatebend.a" \
    -lpthread -ldl -lm -lgcc_s
