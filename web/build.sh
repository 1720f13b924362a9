#!/usr/bin/env bash
# Builds web/gatebend.wasm: the instrument for browsers, alone.
# Usage: web/build.sh [--missing]
#   --missing  say what is missing, if anything is, and build nothing
# Needs Rust's target wasm32-unknown-unknown (rustup target add wasm32-unknown-unknown),
# or Debian's Rust 1.85 as ./test.sh --install unpacks it, and any wasm linker.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=false
case ${1-} in
'') ;;
--missing) missing=true ;;
-h | --help) sed -n '2,6s/^# //p' "$0" && exit ;;
*) echo "web/build.sh: unknown argument $1; see web/build.sh --help" >&2 && exit 2 ;;
esac

target=wasm32-unknown-unknown
debian=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/rust-1.85.0

# Says which way there is to a target: "target", "source", or nothing.
way() {
    local rustc=${RUSTC:-rustc}
    if [ -d "$("$rustc" --print sysroot 2>/dev/null)/lib/rustlib/$target/lib" ]; then
        echo target
    elif [ -x "$debian/rustc" ] && [ -n "$(linker)" ]; then
        echo source
    fi
}

# A linker for wasm, by whatever name it goes here.
linker() {
    local name
    for name in wasm-ld wasm-ld-19 wasm-ld-18 wasm-ld-17 wasm-ld-16 wasm-ld-15 wasm-ld-14; do
        command -v $name && return
    done
    find "$(rustc --print sysroot 2>/dev/null)" -name rust-lld 2>/dev/null | head -n 1
}

how=$(way)
if [ -z "$how" ]; then
    echo "no Rust target $target: rustup target add $target (or, on Debian, ./test.sh --install)"
    $missing && exit
    exit 1
fi
$missing && exit 1

build() {
    cargo build --quiet --package gatebend-web --lib --profile web --target $target "$@"
}
if [ "$how" = target ]; then
    folder=${CARGO_TARGET_DIR:-target}
    build
else
    # Its own folder: what two compilers make does not mix.
    folder=${CARGO_TARGET_DIR:-target}/oldest
    RUSTC=$debian/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(linker) \
        CARGO_TARGET_DIR=$folder build -Zbuild-std=std,panic_abort
fi
# Whole or not at all, for servers that give it out meanwhile.
cp "$folder/$target/web/gatebend_web.wasm" web/gatebend.wasm.new
mv web/gatebend.wasm.new web/gatebend.wasm
# The program has it, too, once it is built again: cargo does not watch what was not there.
touch build.rs
echo "web/gatebend.wasm: $(wc -c <web/gatebend.wasm) bytes, $(gzip -9c web/gatebend.wasm | wc -c) compressed" >&2
