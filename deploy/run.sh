#!/bin/bash
# Starts Gatebend. Bela runs this file without arguments (IDE, boot, make run); the IDE's
# options are in $CL and are passed to Bela. Arguments given by hand are passed to the
# program: bash run.sh check
#
# deploy.sh fills in these values. The versions themselves are in .versions; replacing this
# file, by one rename, changes the version.
version=
# shellcheck disable=SC2034 # deploy.sh --rollback reads it
previous=
board=bela-black
state=/root/gatebend

# The player's own board description, if there is one: docs/bela.md.
if [ -f "$state/board.toml" ]; then board=$state/board.toml; fi

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$here/.versions/$version/bin/gatebend

if [ ! -f "$program" ]; then
    echo "run.sh: $program is missing; deploy Gatebend or upload its zip again" >&2
    exit 1
fi
# A zip unpacked by the IDE may have lost the execute permission.
if [ ! -x "$program" ] && ! chmod +x "$program"; then
    echo "run.sh: $program cannot be made executable; is the file system read-only?" >&2
    exit 1
fi

case ${1-} in
'') ;;
play | check)
    verb=$1
    shift
    exec "$program" "$verb" --board "$board" --state "$state" "$@"
    ;;
*) exec "$program" "$@" ;;
esac
set -f # options are never expanded as patterns
# shellcheck disable=SC2086
exec "$program" play --board "$board" --state "$state" -- $CL
