#!/usr/bin/env bash
# Builds the C library, or the plug-in of a host, into target/hosts or GATEBEND_HOSTS.
# Usage: hosts/build.sh capi|pd|supercollider|csound|faust [--missing]
#   --missing  only lists missing tools; fails if there are none
set -euo pipefail

folder=$(cd "$(dirname "$0")" && pwd)
part=${1:-}
if [ -z "$part" ] || [ ! -x "$folder/$part/build.sh" ]; then
    sed -n '3,4s/^# //p' "$0" >&2
    exit 2
fi
export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$folder/../target}/hosts}
exec "$folder/$part/build.sh" "${@:2}"
