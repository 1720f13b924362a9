#!/usr/bin/env bash
# Writes the page, with the instrument in it, to a folder for any web host and any path.
# Usage: web/bundle.sh FOLDER     web/bundle.sh --files
# Builds the module first, with web/build.sh.
# --files lists the page's files that exist, by the same rule as src/link/page.rs.
set -euo pipefail

# Lists the files that a page may load, without tests, tools and types.
files() {
    find . \( -name node_modules -o -name test -o -name tests -o -name bench -o -name types -o -name wasm \) -prune \
        -o -type f \( -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.svg' -o -name '*.png' \
        -o -name '*.webmanifest' -o -name '*.wasm' \) \
        ! -name files.js ! -name '*.config.js' -print | sed 's|^\./||' | LC_ALL=C sort
}

case ${1-} in
-h | --help) sed -n '2,5s/^# //p' "$0" && exit ;;
--files)
    cd "$(dirname "$0")"
    files
    exit
    ;;
'' | -*) echo "web/bundle.sh: no folder given; see web/bundle.sh --help" >&2 && exit 2 ;;
esac
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")"
if [ -n "$(ls -A "$folder")" ] && [ ! -f "$folder/files.js" ]; then
    echo "web/bundle.sh: $folder contains other files; give an empty folder" >&2
    exit 1
fi
[ "$folder" != "$PWD" ] || { echo "web/bundle.sh: the bundle cannot be in web/ itself" >&2 && exit 1; }
if [ ! -f index.html ]; then
    echo "web/bundle.sh: web/index.html is missing" >&2
    exit 1
fi

./build.sh
files=$(files)

# Absolute paths would break below another path of the host.
# Names of the page's files have no spaces.
# shellcheck disable=SC2086,SC2046
if grep -nE "(src|href|from|import)[=( ]*['\"]/[^/]" $(grep -E '\.(html|css|js)$' <<<"$files"); then
    echo "web/bundle.sh: these paths are absolute; write ./" >&2
    exit 1
fi

rm -rf "${folder:?}"/*
for file in $files; do
    mkdir -p "$folder/$(dirname "$file")"
    cp "$file" "$folder/$file"
done
# The list for the service worker; any change of a file changes the version.
version=$(for file in $files; do cksum "$file"; done | cksum | cut -d ' ' -f 1)
{
    echo "self.VERSION = '$version';"
    echo "self.FILES = ["
    for file in $files; do
        # The browser itself stores the service worker.
        [ "$file" = service-worker.js ] || echo "    '$file',"
    done
    echo "];"
} >"$folder/files.js"
echo "$folder: $(wc -l <<<"$files" | tr -d ' ') files, $(du -sk "$folder" | cut -f 1) kB" >&2
