#!/usr/bin/env bash
# Builds packages for deken, Pd's package manager, into GATEBEND_HOSTS/pd.
# Usage: hosts/pd/package.sh [amd64|arm64|armv7]...
# Without names it builds all three. PD_FLOATSIZE=64 builds for Pd in double precision. Needs deken (on Debian: deken), or else zip.
set -euo pipefail
cd "$(dirname "$0")/../.."

export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
version=v$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
[ $# -gt 0 ] || set -- amd64 arm64 armv7

# Packs a folder as deken does: the file's name has the version, the system and the
# bits of Pd's numbers.
package() { # folder system
    local file="$GATEBEND_HOSTS/pd/difflogic[$version](Linux-$2-${PD_FLOATSIZE:-32}).dek"
    rm -f "$file"*
    if command -v deken >/dev/null; then
        deken package --no-sign-gpg --version "$version" --output-dir "$GATEBEND_HOSTS/pd" "$1" >&2
    else
        (cd "$1/.." && zip -q -r "$file" difflogic)
    fi
    [ -f "$file" ] || { echo "hosts/pd/package.sh: deken has not made $file" >&2; exit 1; }
    echo "$file"
}
for target in "$@"; do
    folder=$(hosts/pd/build.sh --target "$target" | tail -n 1)
    package "$folder" "$target"
done
