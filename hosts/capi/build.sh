#!/usr/bin/env bash
# Builds libgatebend and puts it where C and C++ look for a library:
# $GATEBEND_HOSTS/{include,lib,lib/pkgconfig,lib/cmake}, or the folder of --prefix.
# Usage: hosts/capi/build.sh [--prefix DIR] [--target TRIPLE] [--missing]
#   --prefix   where to put it, such as /usr/local
#   --target   another machine's, built as ./cross.sh builds the instrument for boards
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail

usage() {
    sed -n '4,7s/^# //p' "$0" >&2
    exit 2
}

prefix='' target='' ask=false
while [ $# -gt 0 ]; do
    case $1 in
    --prefix | --target)
        [ $# -gt 1 ] || usage
        if [ "$1" = --target ]; then
            target=$2
        else
            mkdir -p "$2"
            prefix=$(cd "$2" && pwd)
        fi
        shift
        ;;
    --missing) ask=true ;;
    *) usage ;;
    esac
    shift
done
if $ask; then
    command -v cc >/dev/null && exit 1
    echo "a C compiler is missing (package gcc)"
    exit
fi

cd "$(dirname "$0")/../.."
prefix=${prefix:-${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}}
if [ -n "$target" ]; then
    built=$(./cross.sh --target "$target" --library)
else
    cargo build --quiet --profile plugin -p gatebend-capi
    built=${CARGO_TARGET_DIR:-target}/plugin
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig" "$prefix/lib/cmake/Gatebend"
install -m 644 hosts/capi/include/*.h hosts/capi/include/*.hpp "$prefix/include/"
install -m 644 "$built/libgatebend.a" "$prefix/lib/"
if [ -e "$built/libgatebend.so" ]; then
    install -m 755 "$built/libgatebend.so" "$prefix/lib/libgatebend.so.1"
    ln -sf libgatebend.so.1 "$prefix/lib/libgatebend.so"
fi
if [ -e "$built/libgatebend.dylib" ]; then
    install -m 755 "$built/libgatebend.dylib" "$prefix/lib/"
fi
sed "s#@PREFIX@#$(cd "$prefix" && pwd)#; s#@VERSION@#$version#" hosts/capi/gatebend.pc.in \
    >"$prefix/lib/pkgconfig/gatebend.pc"
install -m 644 hosts/capi/GatebendConfig.cmake "$prefix/lib/cmake/Gatebend/"
sed "s#@VERSION@#$version#" hosts/capi/GatebendConfigVersion.cmake.in \
    >"$prefix/lib/cmake/Gatebend/GatebendConfigVersion.cmake"
