#!/usr/bin/env bash
# Checks the page's own code: its unit tests, types and style.
# Usage: web/check.sh [--install]
#   --install  fetch TypeScript and ESLint (npm ci) first; without them, their checks
#              are skipped, and said so
# The types of the protocol are made by `cargo test --lib link`, if they are not there.
set -euo pipefail
cd "$(dirname "$0")"

case ${1-} in
'') ;;
--install) npm ci --no-audit --no-fund ;;
-h | --help) sed -n '2,6s/^# //p' "$0" && exit ;;
*) echo "web/check.sh: unknown argument $1; see web/check.sh --help" >&2 && exit 2 ;;
esac

if [ "$(node --version 2>/dev/null | sed 's/^v//;s/[.].*//')" -ge 20 ] 2>/dev/null; then
    tests=()
    for file in test/*.test.mjs; do
        # Those of the instrument in the page are run where it is built: ../test.sh.
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
echo "The page's types and style are right."
