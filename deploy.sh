#!/usr/bin/env bash
# Deploys Gatebend to a Bela board.
# Usage: ./deploy.sh [user@host] [options]
#   (no option)    builds, uploads, verifies, activates and starts; keeps the old version
#   --boot         ... and starts it at boot from now on
#   --no-start     ... without restarting the running program
#   --no-boot      stops starting it at boot
#   --rollback     returns to the previous version
#   --stop         stops the running program
#   --logs         follows the program's messages
#   --zip [FILE]   writes a project for the Bela IDE [out/gatebend.zip]
#   --board NAME   the board of boards/NAME.toml [bela-black]
#   --dry-run      shows the steps without doing anything
# Without a host, tries that of the board's file, 192.168.7.2 (Linux, Windows), 192.168.6.2
# (macOS) and bela.local. GATEBEND_BINARY names a program that is already built.
# See docs/bela.md for more.
#
# Compatible with bash 3.2, the version of macOS.
set -euo pipefail
from=$PWD
cd "$(dirname "$0")"

fail() { # message
    echo "deploy.sh: $*" >&2
    exit 1
}

usage_error() { # message
    echo "deploy.sh: $*; see ./deploy.sh --help" >&2
    exit 2
}

action=deploy board=bela-black host='' file='' boot=false start=true dry_run=false

choose() { # action
    [ "$action" = deploy ] || usage_error "--$action cannot be combined with --$1"
    action=$1
}

while [ $# -gt 0 ]; do
    case $1 in
    --boot) boot=true ;;
    --no-start) start=false ;;
    --no-boot | --rollback | --stop | --logs) choose "${1#--}" ;;
    --zip)
        choose zip
        case ${2-} in
        '' | -*) ;;
        *)
            file=$2
            shift
            ;;
        esac
        ;;
    --board)
        board=${2-}
        [ -n "$board" ] || usage_error "--board needs a name"
        shift
        ;;
    --dry-run) dry_run=true ;;
    -h | --help)
        sed -n '2,16s/^# //p' "${0##*/}"
        exit
        ;;
    -*) usage_error "unknown option $1" ;;
    *)
        [ -z "$host" ] || usage_error "only one host can be given, not $host and $1"
        host=$1
        ;;
    esac
    shift
done
if $boot && [ "$action" != deploy ]; then usage_error "--boot cannot be combined with --$action"; fi

# ---- The board's file

description=boards/$board.toml
if [ ! -f "$description" ]; then
    names=$(cd boards && grep -l '^\[deploy\]' ./*.toml | sed 's,^\./,,; s,\.toml$,,' | tr '\n' ' ')
    fail "there is no board $board; choose one of: $names"
fi

setting() { # key; prints its value under [deploy], which is safe in any shell
    local value
    value=$(awk -v key="$1" '
        /^\[/ { inside = /^\[deploy\]/ }
        inside && $0 ~ "^" key "[ \t]*=" { split($0, part, "\""); print part[2]; exit }' "$description")
    case $value in
    '') fail "$description has no $1 under [deploy]; choose another board" ;;
    *[!A-Za-z0-9_./@:-]*) fail "$1 in $description may only have letters, digits and _./@:-" ;;
    esac
    echo "$value"
}

target=$(setting target)
projects=$(setting projects)
project=$(setting project)
state=$(setting state)
board_host=$(setting host)
user=root
case $board_host in *@*) user=${board_host%%@*} ;; esac
bela=${projects%/projects}
[ "$bela" != "$projects" ] || fail "projects in $description must end in /projects, next to Bela's Makefile"
case $project in */* | .* | bin) fail "project in $description must be a plain name, and not bin" ;; esac

case $host in
'')
    hosts=$board_host
    for address in 192.168.7.2 192.168.6.2 bela.local; do
        case " $hosts " in *" $user@$address "*) ;; *) hosts="$hosts $user@$address" ;; esac
    done
    ;;
-* | *[!A-Za-z0-9_.@:%-]*) usage_error "$host is not of the form user@host" ;;
*@*) hosts=$host ;;
*) hosts=$user@$host ;;
esac

# ---- Dry run

if $dry_run; then
    step() { printf '  %s\n' "$*"; }
    echo "Steps:"
    case $action in
    deploy | zip)
        if [ -n "${GATEBEND_BINARY-}" ]; then
            build="take $GATEBEND_BINARY"
        else
            build="build: ./cross.sh --board $board"
        fi
        ;;
    esac
    if [ "$action" != zip ]; then step "connect: ${hosts// /, else }"; fi
    case $action in
    deploy)
        step "$build"
        step "upload program, networks and run.sh to $projects/$project/.incoming, and clean up after an interrupted upload"
        step "compare their SHA-256 on the board"
        step "make $projects/$project/run.sh start this version; keep the previous one"
        if $boot; then step "make it start at boot: make -C $bela PROJECT=$project startup"; fi
        if $start; then
            step "stop the running program: make -C $bela stop"
            step "start: make -C $bela PROJECT=$project runonly, or bela_startup where it starts at boot"
        fi
        ;;
    rollback)
        step "make $projects/$project/run.sh start the previous version"
        if $start; then step "stop the running program, start"; fi
        ;;
    stop) step "stop the running program: make -C $bela stop" ;;
    no-boot) step "if it starts at boot: make -C $bela nostartup" ;;
    logs) step "show the last lines of the journal, follow $state/log.txt" ;;
    zip)
        step "$build"
        step "write ${file:-out/$project.zip}"
        ;;
    esac
    exit
fi

# ---- The version: a folder with all files, named after a hash of its contents

work='' address=''
clean_up() {
    if [ -n "$work" ]; then
        if [ -n "$address" ]; then ssh -O exit "${options[@]}" "$address" 2>/dev/null || true; fi
        rm -rf "$work"
    fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
work=$(mktemp -d /tmp/gatebend.XXXXXX) # short: socket paths are limited to 104 characters
version=$work/version

if command -v sha256sum >/dev/null; then
    sha256=(sha256sum)
elif command -v shasum >/dev/null; then
    sha256=(shasum -a 256)
else
    fail "sha256sum and shasum are missing; install coreutils"
fi

# No file name has a space.
sums() { (cd "$version" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs "${sha256[@]}"); }

# Rejects programs for other processors, which would fail only on the board.
check_program() { # file
    local machine
    if [ ! -f "$1" ] || [ ! -s "$1" ]; then fail "there is no program $1; build it or correct GATEBEND_BINARY"; fi
    if [ "$(head -c 4 "$1" | od -An -tx1 | tr -d ' ')" != 7f454c46 ]; then return; fi
    machine=$(od -An -tx1 -j18 -N2 "$1" | tr -d ' ')
    case $target-$machine in
    arm*-2800 | aarch64*-b700) ;;
    *) fail "$1 is not for $target; build it with ./cross.sh --board $board" ;;
    esac
}

make_version() {
    local binary=${GATEBEND_BINARY-} release
    case $binary in
    '') binary=$(./cross.sh --board "$board") || fail "the build failed; the messages above say why" ;;
    /*) ;;
    *) binary=$from/$binary ;;
    esac
    check_program "$binary"
    mkdir -p "$version/bin" "$version/networks"
    cp "$binary" "$version/bin/gatebend"
    cp assets/networks/*.json "$version/networks"
    cp deploy/readme.txt deploy/settings.json "$version"
    sed "s,^board=.*,board=$board,; s,^state=.*,state=$state," deploy/run.sh >"$version/run.sh"
    chmod 755 "$version/bin/gatebend" "$version/run.sh"
    release=$(awk -F '"' '/^version = "/ { print $2; exit }' Cargo.toml)
    id=$(sums | "${sha256[@]}" | cut -c 1-8)
    id=$release-$id
    sed "s,^version=.*,version=$id," "$version/run.sh" >"$work/run.sh"
    cat "$work/run.sh" >"$version/run.sh"
    sums >"$version/SHA256SUMS"
}

# Writes the same files as a deployment. The IDE requires them at the top of the zip, and
# more than one of them.
make_zip() {
    local zipped=$work/zipped
    make_version
    mkdir -p "$zipped/.versions"
    cp "$version/run.sh" "$version/readme.txt" "$version/settings.json" "$zipped"
    mv "$version" "$zipped/.versions/$id"
    if [ -z "$file" ]; then
        file=out/$project.zip
        mkdir -p out
    else
        case $file in /*) ;; *) file=$from/$file ;; esac
    fi
    if command -v zip >/dev/null; then
        (cd "$zipped" && zip -q -r -X "$work/project.zip" .)
    elif command -v python3 >/dev/null; then
        (cd "$zipped" && python3 -m zipfile -c "$work/project.zip" run.sh readme.txt settings.json .versions)
    else
        fail "zip is missing; install it with your package manager"
    fi
    cp "$work/project.zip" "$file" || fail "$file cannot be written; name another file"
    echo "$file is ready: open http://bela.local or http://192.168.7.2, drop it on the page, press Run."
}

# ---- The board, over one connection

options=(
    -o ConnectTimeout=5 -o ServerAliveInterval=5 -o ServerAliveCountMax=3
    -o StrictHostKeyChecking=accept-new
    -o ControlMaster=auto -o ControlPath="$work/ssh" -o ControlPersist=yes
)

connect() {
    local said=$work/said
    for address in $hosts; do
        echo "Trying $address ..."
        if ssh "${options[@]}" "$address" true </dev/null 2>"$said"; then
            echo "$address answers."
            return
        fi
        if grep -q 'IDENTIFICATION HAS CHANGED' "$said"; then
            fail "$address is another board than last time, or its card was rewritten; if so: ssh-keygen -R ${address#*@}"
        elif grep -q 'Permission denied' "$said"; then
            fail "$address rejects the login; check the password with ssh $address"
        fi
    done
    address=
    fail "no board answers at $hosts; is the USB cable connected, and has the board had a minute to start? If so, try ssh ${hosts%% *}"
}

terminal=''

# Sends the functions of board.sh and a command, and passes standard input on to it.
on_board() { # command, argument...
    local status=0
    # shellcheck disable=SC2029 # all values have plain characters only
    ssh "${options[@]}" ${terminal:+"$terminal"} "$address" "
bela=$bela projects=$projects project=$project state=$state
$(cat deploy/board.sh)
$*" || status=$?
    case $status in
    0 | 130) return ;; # 130: ended by Ctrl-C on the board
    3) exit 1 ;;       # the board has printed the reason
    255) fail "the connection to $address broke; the board starts the old version or the new one, complete: reconnect it and run the same command again" ;;
    *) fail "the board failed, for the reason above; it starts the old version or the new one, complete: restart it and run the same command again" ;;
    esac
}

deploy() {
    local there kilobytes
    connect
    make_version
    kilobytes=$(du -sk "$version" | cut -f 1)
    there=$(on_board prepare "$id" $((kilobytes + 1024)) </dev/null)
    if [ "$there" = present ]; then
        echo "The board already has $id."
    else
        echo "Uploading $id, $kilobytes KB ..."
        # ustar without macOS attributes, which every tar can read.
        COPYFILE_DISABLE=1 tar --format=ustar -cf - -C "$version" . |
            on_board receive "$id" "$("${sha256[@]}" "$version/SHA256SUMS" | cut -d ' ' -f 1)"
    fi
    if $boot; then after="; boot$after"; fi
    on_board "activate $id; echo 'The board starts $id from now on.'$after" </dev/null
}

after=''
if $start; then after='; restart'; fi

case $action in
deploy) deploy ;;
zip) make_zip ;;
rollback)
    connect
    on_board "go_back$after" </dev/null
    ;;
stop)
    connect
    on_board stop_playing </dev/null
    echo "Stopped."
    ;;
no-boot)
    connect
    on_board no_boot </dev/null
    ;;
logs)
    connect
    terminal=-T
    if [ -t 0 ] && [ -t 1 ]; then terminal=-t; fi # so that Ctrl-C reaches the board
    on_board logs
    ;;
esac
