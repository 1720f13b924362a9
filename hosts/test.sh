#!/usr/bin/env bash
# Tests the C library, or Gatebend in a real host.
# Usage: hosts/test.sh capi|pd|supercollider|csound|faust [--missing]
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail

part=${1:-}
if [ -z "$part" ] || [ ! -e "$(dirname "$0")/tests/tests/$part.rs" ]; then
    sed -n '3,4s/^# //p' "$0" >&2
    exit 2
fi
cd "$(dirname "$0")/.."

missing() {
    local tool tools=()
    "hosts/$part/build.sh" --missing && return
    [ "$part" != capi ] || for tool in c++ pkg-config cmake valgrind; do
        command -v $tool >/dev/null || tools+=("$tool")
    done
    [ "$part" != pd ] || command -v "${PD:-puredata}" >/dev/null || tools+=("puredata")
    [ ${#tools[@]} -gt 0 ] && echo "missing: ${tools[*]}"
}
if [ "${2:-}" = --missing ]; then
    missing
    exit
fi

export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
"hosts/$part/build.sh"
cargo build --quiet --release --bin gatebend
export GATEBEND=${GATEBEND:-${CARGO_TARGET_DIR:-target}/release/gatebend}
cargo test --quiet -p gatebend-hosts --test "$part" -- --test-threads=2
