#!/usr/bin/env bash
# Builds gatebend for a board. Prints only the binary's path on standard output.
# Usage: ./cross.sh [--board NAME | --target TRIPLE] [--package NAME]
#                   [--library] [--check] [--install] [--missing]
#   --board NAME     the board of boards/NAME.toml (default: bela-black)
#   --target TRIPLE  armv7-unknown-linux-gnueabihf (BeagleBone Black) or
#                    aarch64-unknown-linux-gnu (Bela Gem)
#   --package NAME   another program or shared library of this workspace
#   --library        libgatebend (hosts/capi) instead; prints the folder that it is in
#   --check          fails unless the binary works with the board's old glibc, evaluates
#                    with NEON and is small
#   --install        first installs missing tools (needs network; on Debian root)
#   --missing        builds nothing, lists missing tools; fails if there are none
set -euo pipefail
cd "$(dirname "$0")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend
debian_rust=$cache/rust-cross
targets="armv7-unknown-linux-gnueabihf aarch64-unknown-linux-gnu"
# Maximum size of the stripped binary in bytes. It includes the page, 0.2 MB compressed, and
# gatebend.wasm and train.wasm, 1.0 MB, if they were built. Training and the import of networks
# take 0.8 MB.
most_bytes=7200000

say() { echo "cross.sh: $*" >&2; }
fail() { say "$*"; exit 1; }

board='' target='' package=gatebend library=false check=false install=false ask=false
while [ $# -gt 0 ]; do
    case $1 in
    --board | --target | --package)
        [ $# -gt 1 ] || { say "$1 needs a value; see ./cross.sh --help"; exit 2; }
        case $1 in
        --board) board=$2 ;;
        --target) target=$2 ;;
        *) package=$2 ;;
        esac
        shift
        ;;
    --library) library=true package=gatebend-capi ;;
    --check) check=true ;;
    --install) install=true ;;
    --missing) ask=true ;;
    -h | --help) sed -n '2,/^set /s/^# //p' "$0" && exit ;;
    *) say "unknown argument $1; see ./cross.sh --help" && exit 2 ;;
    esac
    shift
done
[ -z "$board" ] || [ -z "$target" ] || { say "--board and --target cannot be combined; see ./cross.sh --help"; exit 2; }

# Prints the value of `target` under [deploy].
target_of_board() {
    local file=boards/$1.toml
    [ -f "$file" ] || fail "there is no $file; give a board of boards/, or a target with --target"
    awk -F '"' '/^\[/ { deploy = /^\[deploy\]/ } deploy && /^target *=/ { print $2 }' "$file"
}
if [ -z "$target" ]; then
    target=$(target_of_board "${board:-bela-black}")
    [ -n "$target" ] || fail "boards/${board:-bela-black}.toml has no target under [deploy]"
fi

# The oldest glibc of the boards' images, which are based on Debian stretch and later.
case $target in
armv7-unknown-linux-gnueabihf) glibc=2.24 ;;
aarch64-unknown-linux-gnu) glibc=2.31 ;;
*) fail "$target is not the target of a board; choose one of: $targets" ;;
esac

# Succeeds if a compiler has the target's standard library.
knows_target() { # rustc
    local folder
    folder=$("$1" --print target-libdir --target "$target" 2>/dev/null) && [ -d "$folder" ]
}

add_target() {
    command -v rustup >/dev/null && rustup target add "$target" >/dev/null 2>&1
}

# Unpacks Debian's compiler and the libraries of both targets without installing them: the
# packages for other architectures would pull in a whole system.
unpack_debian_rust() {
    local version minor unpack
    dpkg --add-architecture armhf
    dpkg --add-architecture arm64
    apt-get update -q || true # works even if one index is out of date
    # Finds the newest version for all three architectures, whose indexes may differ.
    for version in $(apt-cache madison rustc-web | awk '{ print $3 }'); do
        if apt-cache show "libstd-rust-web-dev:armhf=$version" >/dev/null 2>&1 &&
            apt-cache show "libstd-rust-web-dev:arm64=$version" >/dev/null 2>&1; then
            break
        fi
        version=
    done
    [ -n "${version:-}" ] || fail "Debian has no Rust for $target here; install rustup from https://rustup.rs"
    minor=$(echo "$version" | cut -d . -f 1,2)
    apt-get install -q -y --no-install-recommends \
        "$(apt-cache show "libstd-rust-web-$minor=$version" | grep -o 'libllvm[0-9]*' | head -n 1)"
    unpack=$(mktemp -d)
    (
        cd "$unpack"
        apt-get download -q "rustc-web=$version" "libstd-rust-web-$minor=$version" \
            "libstd-rust-web-dev=$version" "libstd-rust-web-dev:armhf=$version" \
            "libstd-rust-web-dev:arm64=$version"
        for file in *.deb; do dpkg -x "$file" tree; done
    )
    mkdir -p "$cache"
    rm -rf "$debian_rust"
    mv "$unpack/tree" "$debian_rust"
    rm -rf "$unpack"
    # The libraries are outside the system's search path.
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' \
        "$debian_rust/usr/lib/$(uname -m)-linux-gnu" "$debian_rust/usr/bin/rustc" >"$debian_rust/rustc"
    chmod +x "$debian_rust/rustc"
}

# Zig can link for any version of glibc. It is installed with cargo-zigbuild from PyPI, into a
# separate folder.
use_zig() {
    PATH=$cache/zig/bin:$PATH
    command -v cargo-zigbuild >/dev/null && zig version >/dev/null 2>&1
}
zig() {
    if [ -n "$(type -P zig)" ]; then command zig "$@"; else python3 -m ziglang "$@"; fi
}
install_zig() {
    if ! python3 -c 'import ensurepip' 2>/dev/null && [ -f /etc/debian_version ]; then
        apt-get install -q -y --no-install-recommends python3 python3-venv
    fi
    rm -rf "$cache/zig"
    python3 -m venv "$cache/zig"
    "$cache/zig/bin/pip" install --quiet ziglang==0.13.0 cargo-zigbuild
}

if $install; then
    {
        if ! knows_target rustc && ! add_target && [ ! -x "$debian_rust/rustc" ] &&
            [ -f /etc/debian_version ]; then
            unpack_debian_rust
        fi
        use_zig || install_zig
        if [ -f /etc/debian_version ] && [ "$target" = armv7-unknown-linux-gnueabihf ] &&
            ! command -v arm-linux-gnueabihf-objdump >/dev/null; then
            apt-get install -q -y --no-install-recommends binutils-arm-linux-gnueabihf
        fi
    } >&2
fi

# Sets `why` to a message if a tool is missing, and RUSTC unless the default compiler is used.
why=
if ! command -v cargo >/dev/null; then
    why="cargo is missing; install Rust from https://rustup.rs"
elif knows_target rustc || add_target; then
    :
elif [ -x "$debian_rust/rustc" ] && knows_target "$debian_rust/rustc"; then
    export RUSTC=$debian_rust/rustc
elif [ -x /usr/bin/rustc ] && knows_target /usr/bin/rustc; then
    export RUSTC=/usr/bin/rustc
else
    why="there is no Rust library for $target; 'rustup target add $target' or, on Debian, ./cross.sh --install installs it"
fi
if [ -z "$why" ] && ! use_zig; then
    why="zig and cargo-zigbuild are missing; 'pip install ziglang==0.13.0 cargo-zigbuild' or ./cross.sh --install installs them"
fi
if $ask; then
    [ -n "$why" ] && echo "$why" && exit
    exit 1
fi
[ -z "$why" ] || fail "$why"

say "building $package for $target with $("${RUSTC:-rustc}" --version)"
if $library; then
    cargo zigbuild --quiet --profile plugin --target "$target.$glibc" --package "$package" >&2
    echo "${CARGO_TARGET_DIR:-target}/$target/plugin"
    exit
fi
# Quiet because older compilers warn in every crate that +neon is unstable.
# A board has no terminal.
cargo zigbuild --quiet --release --no-default-features --target "$target.$glibc" \
    --package "$package" >&2
folder=${CARGO_TARGET_DIR:-target}/$target/release
file=$package
[ -f "$folder/$file" ] || file=lib$(echo "$package" | tr - _).so
built=$folder/$file
binary=$folder/stripped/$file
mkdir -p "$(dirname "$binary")"
zig objcopy --strip-all "$built" "$binary"
chmod +x "$binary"

check_glibc() {
    local newest
    command -v readelf >/dev/null || fail "readelf is missing (binutils); it shows which glibc is needed"
    newest=$(readelf -V "$binary" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' |
        sort -t . -k 1,1n -k 2,2n | tail -n 1)
    say "glibc: needs $newest, at most $glibc"
    [ "$(printf '%s\n%s\n' "$newest" "$glibc" | sort -t . -k 1,1n -k 2,2n | tail -n 1)" = "$glibc" ] ||
        fail "$binary needs a newer glibc than the board has"
}

# Each of the four operations must occur on whole vectors in the functions that evaluate gates.
check_neon() {
    local objdump counts
    for objdump in arm-linux-gnueabihf-objdump llvm-objdump ''; do
        [ -z "$objdump" ] || ! command -v "$objdump" >/dev/null || break
    done
    [ -n "$objdump" ] || fail "an objdump for ARM is missing (binutils-arm-linux-gnueabihf or llvm)"
    counts=$("$objdump" -d -C --no-show-raw-insn "$built" | awk '
        /^[0-9a-f]+ </ { evaluates = /logicnet::(evaluator|machine)|engine::voice|engine::Engine/ }
        evaluates && /[ \t]v(and|bic|orr|eor)[ \t]+q/ { match($0, /v(and|bic|orr|eor)/); n[substr($0, RSTART, 4)]++ }
        END { printf "vand %d, vbic %d, vorr %d, veor %d", n["vand"], n["vbic"], n["vorr"], n["veor"]
              exit !(n["vand"] && n["vbic"] && n["vorr"] && n["veor"]) }') ||
        fail "gates are not evaluated with NEON: $counts on q registers"
    say "NEON: $counts on q registers where gates are evaluated"
}

if $check; then
    check_glibc
    [ "$target" != armv7-unknown-linux-gnueabihf ] || check_neon
    size=$(($(wc -c <"$binary")))
    say "size: $size bytes stripped, at most $most_bytes"
    [ "$size" -le "$most_bytes" ] || fail "$binary is too large"
fi
echo "$binary"
