#!/usr/bin/env bash
# Looks for what the tests of Faust exports need; there is nothing to build.
# Usage: hosts/faust/build.sh [--missing]
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail
cd "$(dirname "$0")"

missing() {
    local found=1
    for tool in faust "${CXX:-c++}" node; do
        command -v "$tool" >/dev/null || { echo "$tool is missing"; found=0; }
    done
    return "$found"
}

if [ "${1:-}" = --missing ]; then
    missing
elif missing >&2; then
    exit 1
fi
