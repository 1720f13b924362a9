# shellcheck shell=bash disable=SC2034
# For build scripts of plug-ins that are built for other processors, too, in the project's
# folder: source hosts/target.sh "$@".
#
# Reads the options --target amd64|arm64|armv7 and --missing, and sets
#   target     the target, or nothing for this machine
#   processor  the processor: amd64, arm64 or armv7
#   ask        true for --missing
#   library    libgatebend.a, once `build_library` has built it
# `compile cc|c++ ARGUMENT...` compiles C or C++ for the target.

fail() { echo "$0: $*" >&2; exit 1; }

target='' ask=false
while [ $# -gt 0 ]; do
    case $1 in
    --target)
        [ $# -gt 1 ] || fail "--target needs amd64, arm64 or armv7"
        target=$2
        shift
        ;;
    --missing) ask=true ;;
    *) fail "unknown argument $1; see the top of $0" ;;
    esac
    shift
done

# Names of processors: ours, Rust's, and zig's with the oldest glibc that is supported.
cpu=baseline
case ${target:-$(uname -m)} in
amd64 | x86_64) processor=amd64 triple='' glibc=x86_64-linux-gnu.2.31 ;;
arm64 | aarch64) processor=arm64 triple=aarch64-unknown-linux-gnu glibc=aarch64-linux-gnu.2.31 ;;
armv7 | armv7l)
    processor=armv7 triple=armv7-unknown-linux-gnueabihf glibc=arm-linux-gnueabihf.2.24
    cpu=cortex_a8
    ;;
*) fail "there is no build for ${target:-$(uname -m)}; there are amd64, arm64 and armv7" ;;
esac

export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}

zig() {
    local folder=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/zig/bin
    if [ -n "$(type -P zig)" ]; then command zig "$@"; else PATH=$folder:$PATH python3 -m ziglang "$@"; fi
}

# Prints the missing compilers; fails if there are none.
missing_compilers() {
    if [ -z "$target" ]; then
        hosts/capi/build.sh --missing
    elif ! zig version >/dev/null 2>&1; then
        echo "zig is missing; 'pip install ziglang==0.13.0' or ./cross.sh --install installs it"
    elif [ -n "$triple" ]; then
        ./cross.sh --target "$triple" --missing
    else
        return 1
    fi
}

build_library() {
    local prefix=$GATEBEND_HOSTS
    if [ -n "$target" ] && [ -n "$triple" ]; then
        prefix=$prefix/$processor
        hosts/capi/build.sh --target "$triple" --prefix "$prefix"
    else
        hosts/capi/build.sh
    fi
    library=$prefix/lib/libgatebend.a
}

compile() { # cc or c++, arguments
    if [ -n "$target" ]; then
        zig "$1" -target "$glibc" "-mcpu=$cpu" "${@:2}" -lunwind
    elif [ "$1" = cc ]; then
        cc "${@:2}"
    else
        g++ "${@:2}" -nodefaultlibs -lc -lgcc_s -lgcc # nothing of the C++ library is used
    fi
}
