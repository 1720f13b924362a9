#!/usr/bin/env bash
# Builds libgatebend and puts it where C and C++ look for a library:
# $GATEBEND_HOSTS/{include,lib,lib/pkgconfig,lib/cmake}, or the folder of --prefix.
# Usage: hosts/capi/build.sh [--prefix DIR] [--target TRIPLE] [--missing]
#   --prefix   where to put it, such as /usr/local
#   --target   another machine's, built as ./cross.sh builds the instrument for boards
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail
cd "$(dirname "$0")/../.."

prefix=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts} target=
while [ $# -gt 0 ]; do
    case $1 in
    --prefix) prefix=$2 && shift ;;
    --target) target=$2 && shift ;;
    --missing)
        command -v cc >/dev/null && exit 1
        echo "a C compiler is missing (package gcc)"
        exit
        ;;
    *) sed -n '4,7s/^# //p' "$0" >&2 && exit 2 ;;
    esac
    shift
done

# Prints the folder that the libraries are in.
build() {
    if [ -n "$target" ]; then
        ./cross.sh --target "$target" --library
    else
        cargo build --quiet --profile plugin -p gatebend-capi
        echo "${CARGO_TARGET_DIR:-target}/plugin"
    fi
}

built=$(build)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/Gatebend"
install -m 644 hosts/capi/include/gatebend.h hosts/capi/include/gatebend.hpp "$prefix/include/"
for library in libgatebend.a libgatebend.so libgatebend.dylib; do
    if [ -e "$built/$library" ]; then install -m 755 "$built/$library" "$prefix/lib/"; fi
done
sed "s#@PREFIX@#$(cd "$prefix" && pwd)#; s#@VERSION@#$version#" hosts/capi/gatebend.pc.in \
    >"$prefix/lib/pkgconfig/gatebend.pc"
install -m 644 hosts/capi/GatebendConfig.cmake "$prefix/lib/cmake/Gatebend/"
sed "s#@VERSION@#$version#" hosts/capi/GatebendConfigVersion.cmake.in \
    >"$prefix/lib/cmake/Gatebend/GatebendConfigVersion.cmake"
