#!/bin/bash
# Starts Gatebend.  Bela runs this file without arguments (IDE, boot, make run); the
# IDE's options come in $CL and are passed on as Bela's.  By hand, arguments are the
# program's own: bash run.sh check
#
# deploy.sh fills in these names.  Putting this file in place, by one rename, is
# all that changes the version: the versions themselves are in .versions.
version=
# shellcheck disable=SC2034 # deploy.sh --rollback reads it
previous=
board=bela-black
state=/root/gatebend

# The player's own, where there is one: docs/bela.md.
if [ -f "$state/board.toml" ]; then board=$state/board.toml; fi

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
program=$here/.versions/$version/bin/gatebend

if [ ! -f "$program" ]; then
    echo "run.sh: $program is missing; deploy Gatebend again, or upload its zip again" >&2
    exit 1
fi
# A zip that went through the IDE may have lost what marks programs.
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
set -f # options are words, never patterns
# shellcheck disable=SC2086
exec "$program" play --board "$board" --state "$state" -- $CL
