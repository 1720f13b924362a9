#!/usr/bin/env bash
# Builds the functions of gatebend.lib for Faust programs, into target/hosts/faust or
# GATEBEND_HOSTS/faust. Exports (gatebend export --to faust) need none of it.
# Usage: hosts/faust/build.sh [--missing]
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail
cd "$(dirname "$0")"

if [ "${1:-}" = --missing ]; then
    status=1
    ../capi/build.sh --missing && status=0
    for tool in faust "${CXX:-c++}" "${CC:-cc}" ar node; do
        command -v "$tool" >/dev/null || { echo "$tool is missing"; status=0; }
    done
    # The program of the README plays by ALSA.
    echo '#include <alsa/asoundlib.h>' | "${CC:-cc}" -E - >/dev/null 2>&1 ||
        { echo "alsa/asoundlib.h is missing; install libasound2-dev" && status=0; }
    exit "$status"
fi

export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/../../target}/hosts}
../capi/build.sh
out=$GATEBEND_HOSTS/faust
rm -rf "$out"
mkdir -p "$out"
cp gatebend.lib gatebend_faust.h "$out/"
"${CC:-cc}" -std=c99 -O2 -fPIC -Wall -Wextra -I"$GATEBEND_HOSTS/include" \
    -c gatebend_faust.c -o "$out/gatebend_faust.o"
ar rcs "$out/libgatebend_faust.a" "$out/gatebend_faust.o"
rm "$out/gatebend_faust.o"
