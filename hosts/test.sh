#!/usr/bin/env bash
# Tests the C library, or Gatebend in a real host.
# Usage: hosts/test.sh capi|pd|supercollider|csound|faust [--missing]
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail
cd "$(dirname "$0")/.."

part=${1:-}
if [ ! -e "hosts/tests/tests/$part.rs" ]; then
    sed -n '3,4s/^# //p' "$0" >&2
    exit 2
fi
export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
if [ "${2:-}" = --missing ]; then
    exec "hosts/$part/build.sh" --missing
fi
"hosts/$part/build.sh"
cargo build --quiet --release --bin gatebend
export GATEBEND=${GATEBEND:-${CARGO_TARGET_DIR:-target}/release/gatebend}
cargo test --quiet -p gatebend-hosts --test "$part" -- --test-threads=2
