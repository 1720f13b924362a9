#!/usr/bin/env bash
# Builds web/gatebend.wasm, the instrument for browsers, and web/train.wasm, which trains networks.
# Usage: web/build.sh [--missing]
#   --missing  print what is missing to build it, if anything, and build nothing
# Needs Rust's target wasm32-unknown-unknown (rustup target add wasm32-unknown-unknown),
# or Debian's Rust 1.85 as unpacked by ./test.sh --install, and a Wasm linker.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=false
case ${1-} in
'') ;;
--missing) missing=true ;;
-h | --help) sed -n '2,6s/^# //p' "web/${0##*/}" && exit ;;
*) echo "web/build.sh: unknown argument $1; see web/build.sh --help" >&2 && exit 2 ;;
esac

target=wasm32-unknown-unknown
debian=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/rust-1.85.0

# Prints how to get the standard library: "target" (installed), "source", or nothing.
method() {
    local rustc=${RUSTC:-rustc}
    if [ -d "$("$rustc" --print sysroot 2>/dev/null)/lib/rustlib/$target/lib" ]; then
        echo target
    elif [ -x "$debian/rustc" ] && [ -n "$(linker)" ]; then
        echo source
    fi
}

# Prints the path of a Wasm linker, which has many names.
linker() {
    local name
    for name in wasm-ld wasm-ld-19 wasm-ld-18 wasm-ld-17 wasm-ld-16 wasm-ld-15 wasm-ld-14; do
        command -v $name && return
    done
    find "$(rustc --print sysroot 2>/dev/null)" -name rust-lld 2>/dev/null | head -n 1
}

how=$(method)
if [ -z "$how" ]; then
    echo "no Rust target $target: rustup target add $target (or, on Debian, ./test.sh --install)"
    $missing && exit
    exit 1
fi
$missing && exit 1

build() {
    cargo build --quiet --package gatebend-web --package gatebend-train --lib --profile web --target $target "$@"
}
if [ "$how" = target ]; then
    folder=${CARGO_TARGET_DIR:-target}
    build
else
    # A separate folder, since artifacts of two compilers do not mix.
    folder=${CARGO_TARGET_DIR:-target}/oldest
    RUSTC=$debian/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(linker) \
        CARGO_TARGET_DIR=$folder build -Zbuild-std=std,panic_abort
fi
# Replaces a module at once, since a server may be reading it.
for name in web train; do
    module=web/${name/web/gatebend}.wasm
    cp "$folder/$target/web/gatebend_$name.wasm" "$module.new"
    mv "$module.new" "$module"
    echo "$module: $(wc -c <"$module") bytes, $(gzip -9c "$module" | wc -c) compressed" >&2
done
# Makes the next build of the program include it: cargo does not watch files that did not exist.
touch build.rs
