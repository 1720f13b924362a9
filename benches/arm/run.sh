#!/usr/bin/env bash
# Counts the ARM instructions of evaluation, bends and callbacks on an emulated BeagleBone
# Black, with the same numbers on every run. Prints tables in Markdown.
# Usage: benches/arm/run.sh [--check] [--install] [--missing]
#   --check    fails if a bound is exceeded
#   --install  installs the tools on Debian (root, network) and exits
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail
cd "$(dirname "$0")/../.."

target=armv7-unknown-linux-gnueabihf
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend
header=$cache/qemu/qemu-plugin.h

# The plugin interface is only in QEMU's source package. Separate package lists leave the
# system's unchanged.
install() {
    local folder apt version
    dpkg --add-architecture armhf
    apt-get update -q || true
    apt-get install -q -y --no-install-recommends qemu-user libc6:armhf libgcc-s1:armhf gcc libc6-dev
    [ ! -f "$header" ] || return 0
    folder=$(mktemp -d)
    mkdir -p "$folder/lists/partial" "$cache/qemu"
    cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null |
        sed 's/^Types: deb$/Types: deb-src/' >"$folder/debian.sources"
    apt=(apt-get -q -o "Dir::Etc::SourceList=$folder/debian.sources" -o Dir::Etc::SourceParts=-
        -o "Dir::State::Lists=$folder/lists" -o APT::Architectures=amd64)
    version=$(dpkg-query -W -f '${source:Version}' qemu-user)
    (
        cd "$folder"
        "${apt[@]}" update
        "${apt[@]}" source --download-only "qemu=$version" || "${apt[@]}" source --download-only qemu
        tar -xJf qemu_*.orig.tar.xz --wildcards --strip-components=3 '*/include/qemu/qemu-plugin.h'
        mv qemu-plugin.h "$header"
    )
    rm -rf "$folder"
}

missing() {
    if ! command -v qemu-arm >/dev/null; then
        echo "qemu-arm is missing (package qemu-user)"
    elif [ ! -e /lib/ld-linux-armhf.so.3 ]; then
        echo "ARM's C library is missing (package libc6:armhf)"
    elif [ ! -f "$header" ]; then
        echo "QEMU's plugin header is missing; benches/arm/run.sh --install fetches it on Debian"
    elif ! command -v cc >/dev/null; then
        echo "a C compiler (cc) is missing"
    else
        return 1
    fi
}

check=0
case ${1:-} in
--check) check=1 ;;
--install) install && exit ;;
--missing) missing && exit || exit 1 ;;
'') ;;
*) sed -n '2,7s/^# //p' "$0" && exit 2 ;;
esac
if missing >&2; then exit 1; fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The plugin needs symbols, so this is not the stripped binary.
./cross.sh --target "$target" --package arm-cost >/dev/null
program=${CARGO_TARGET_DIR:-target}/$target/release/arm-cost
cc -std=c11 -D_GNU_SOURCE -Wall -Wextra -O2 -shared -fPIC -I"$(dirname "$header")" \
    -o "$work/count.so" benches/arm/count.c
plugin=$work/count.so
for function in start gates samples frames levels build voice callback ready; do
    plugin=$plugin,symbol=measured_$function
done
timeout 600 qemu-arm -cpu cortex-a8 -plugin "$plugin" "$program" >"$work/counts"
awk -v check=$check -f benches/arm/tables.awk "$work/counts"
