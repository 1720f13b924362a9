#!/usr/bin/env bash
# Builds difflogic~ and difflogic for Pure Data, with their help, into
# GATEBEND_HOSTS/pd/TARGET/difflogic, where TARGET is this machine's if none is given.
# Usage: hosts/build.sh pd [--target amd64|arm64|armv7] [--missing]
#   --target   builds for Linux on another processor, or for older systems, with zig
#   --missing  only lists missing tools; fails if there are none
# PD_INCLUDE names the folder of m_pd.h, and PD_FLOATSIZE=64 builds for Pd in double precision.
set -euo pipefail
cd "$(dirname "$0")/../.."

source hosts/target.sh "$@"

include=${PD_INCLUDE:-/usr/include/pd}
floats=${PD_FLOATSIZE:-32}
missing() {
    local found=1
    if [ ! -f "$include/m_pd.h" ]; then
        echo "m_pd.h is missing; install puredata-dev, or name its folder with PD_INCLUDE"
        found=0
    fi
    ! missing_compilers || found=0
    return "$found"
}
if $ask; then
    missing
    exit
fi
if why=$(missing); then fail "$why"; fi

build_library
folder=$GATEBEND_HOSTS/pd/$processor/difflogic
rm -rf "$folder"
mkdir -p "$folder"
ending=pd_linux
[ "$floats" = 32 ] || ending=linux-$processor-$floats.so
for name in difflogic~ difflogic; do
    compile cc -std=c99 -Wall -Wextra -O2 -fPIC -fvisibility=hidden -shared "-DPD_FLOATSIZE=$floats" \
        -isystem "$include" -I hosts/capi/include "hosts/pd/$name.c" "$library" \
        -Wl,--version-script=hosts/pd/exports.map -Wl,--gc-sections -Wl,-s -lm -lpthread -ldl \
        -o "$folder/$name.$ending"
done
cp -r hosts/pd/bela hosts/pd/*-help.pd hosts/pd/README.md LICENSE-MIT LICENSE-APACHE "$folder/"
for network in forty-two trained-forty-two origami; do
    cp "assets/networks/$network.json" "$folder/"
done
echo "$folder"
