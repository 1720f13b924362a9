#!/usr/bin/env bash
# Checks the page's code: unit tests, types and style.
# Usage: web/check.sh [--install]
#   --install  install TypeScript and ESLint first (npm ci); without them, their checks
#              are skipped with a message
# Generates the protocol's types with `cargo test --lib link` if they are missing.
set -euo pipefail
cd "$(dirname "$0")"

case ${1-} in
'') ;;
--install) npm ci --no-audit --no-fund ;;
-h | --help) sed -n '2,6s/^# //p' "${0##*/}" && exit ;;
*) echo "web/check.sh: unknown argument $1; see web/check.sh --help" >&2 && exit 2 ;;
esac

if [ "$(node --version 2>/dev/null | sed 's/^v//;s/[.].*//')" -ge 20 ] 2>/dev/null; then
    tests=()
    for file in test/*.test.mjs; do
        # ../test.sh builds the module and runs the tests that need it.
        grep -q 'readFileSync.*gatebend\.wasm' "$file" || tests+=("$file")
    done
    node --test "${tests[@]}"
else
    echo "skipped: the page's unit tests, Node 20 (node) is not installed"
fi

if [ ! -x node_modules/.bin/tsc ]; then
    echo "skipped: the page's types and style, web/check.sh --install fetches the tools"
    exit
fi
[ -f types/Welcome.ts ] || (cd .. && cargo test --quiet --lib link)
node_modules/.bin/tsc --project .
node_modules/.bin/eslint .
echo "The page's types and style are correct."
