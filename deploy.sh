#!/usr/bin/env bash
# Brings Gatebend to a Bela board.
# Usage: ./deploy.sh [user@host] [options]
#   (nothing)      builds, uploads, checks, swaps and starts; the old version is kept
#   --boot         ... and makes it start at boot
#   --no-start     ... but leaves what is playing alone
#   --no-boot      it does not start at boot any more
#   --rollback     goes back to the version before
#   --stop         stops what is playing
#   --logs         what the program says, as it says it
#   --zip [FILE]   a project to upload through the Bela IDE [out/gatebend.zip]
#   --board NAME   boards/NAME.toml [bela-black]
#   --dry-run      says what would be done, and does nothing
# Without a host: the board's own, then 192.168.7.2 (Linux, Windows), 192.168.6.2
# (macOS) and bela.local. GATEBEND_BINARY names a program that is already built.
# docs/bela.md has the rest.
#
# Runs in bash 3.2, as macOS has it.
set -euo pipefail
from=$PWD
cd "$(dirname "$0")"

fail() { # sentence
    echo "deploy.sh: $*" >&2
    exit 1
}

usage_error() { # sentence
    echo "deploy.sh: $*; see ./deploy.sh --help" >&2
    exit 2
}

action=deploy board=bela-black host='' file='' boot=false start=true dry_run=false

choose() { # action
    [ "$action" = deploy ] || usage_error "--$action and --$1 do not go together"
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
        [ -z "$host" ] || usage_error "one host at a time, not $host and $1"
        host=$1
        ;;
    esac
    shift
done
if $boot && [ "$action" != deploy ]; then usage_error "--boot and --$action do not go together"; fi

# ---- The board's description

description=boards/$board.toml
if [ ! -f "$description" ]; then
    names=$(cd boards && grep -l '^\[deploy\]' ./*.toml | sed 's,^\./,,; s,\.toml$,,' | tr '\n' ' ')
    fail "there is no board $board; choose one of: $names"
fi

setting() { # key: of [deploy]; plain characters, safe in any shell
    local value
    value=$(awk -v key="$1" '
        /^\[/ { inside = /^\[deploy\]/ }
        inside && $0 ~ "^" key "[ \t]*=" { split($0, part, "\""); print part[2]; exit }' "$description")
    case $value in
    '') fail "$description does not say $1 under [deploy]; choose a board that is deployed to" ;;
    *[!A-Za-z0-9_./@:-]*) fail "$1 in $description may have letters, digits and _./@:- only" ;;
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
[ "$bela" != "$projects" ] || fail "projects in $description must end in /projects, beside Bela's Makefile"
case $project in */* | .* | bin) fail "project in $description must be a plain name, and not bin" ;; esac

case $host in
'')
    hosts=$board_host
    for address in 192.168.7.2 192.168.6.2 bela.local; do
        case " $hosts " in *" $user@$address "*) ;; *) hosts="$hosts $user@$address" ;; esac
    done
    ;;
-* | *[!A-Za-z0-9_.@:%-]*) usage_error "$host is no user@host" ;;
*@*) hosts=$host ;;
*) hosts=$user@$host ;;
esac

# ---- What would be done

if $dry_run; then
    step() { printf '  %s\n' "$*"; }
    echo "In this order:"
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
        step "upload program, networks and run.sh to $projects/$project/.incoming, and clean up after a broken upload"
        step "compare their SHA-256 on the board"
        step "let $projects/$project/run.sh start this version; keep the one before"
        if $boot; then step "make it start at boot: make -C $bela PROJECT=$project startup"; fi
        if $start; then
            step "stop what is playing: make -C $bela stop"
            step "start: make -C $bela PROJECT=$project runonly, or bela_startup where it starts at boot"
        fi
        ;;
    rollback)
        step "let $projects/$project/run.sh start the version before"
        if $start; then step "stop what is playing, start"; fi
        ;;
    stop) step "stop what is playing: make -C $bela stop" ;;
    no-boot) step "if it starts at boot: make -C $bela nostartup" ;;
    logs) step "show the journal's last lines, follow $state/log.txt" ;;
    zip)
        step "$build"
        step "write ${file:-out/$project.zip}"
        ;;
    esac
    exit
fi

# ---- The version: a folder with everything, named after its contents

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
work=$(mktemp -d /tmp/gatebend.XXXXXX) # short: a socket's path may have 104 characters
version=$work/version

if command -v sha256sum >/dev/null; then
    sha256=(sha256sum)
elif command -v shasum >/dev/null; then
    sha256=(shasum -a 256)
else
    fail "sha256sum and shasum are missing; install coreutils"
fi

# Names of ours have no spaces.
sums() { (cd "$version" && find . -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs "${sha256[@]}"); }

# A program for another processor would only fail on the board.
check_program() { # file
    local machine
    if [ ! -f "$1" ] || [ ! -s "$1" ]; then fail "there is no program $1; build it, or correct GATEBEND_BINARY"; fi
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
    '') binary=$(./cross.sh --board "$board") || fail "the build failed; what is above says why" ;;
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

# As deploying would leave it. At the zip's top, and more than one thing there, as the
# IDE wants it.
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
            fail "$address is another board than last time, or its card was written anew; if so: ssh-keygen -R ${address#*@}"
        elif grep -q 'Permission denied' "$said"; then
            fail "$address does not accept the password; see whether ssh $address lets you in"
        fi
    done
    address=
    fail "no board answers at $hosts; is the USB cable in, and a minute gone since power-up? Then see what ssh ${hosts%% *} says"
}

terminal=''

# Sends the board's side and a command of it; standard input goes along.
on_board() { # command, argument...
    local status=0
    # shellcheck disable=SC2029 # names and arguments are this side's, and plain
    ssh "${options[@]}" ${terminal:+"$terminal"} "$address" "
bela=$bela projects=$projects project=$project state=$state
$(cat deploy/board.sh)
$*" || status=$?
    case $status in
    0 | 130) return ;; # 130: Ctrl-C ended it there
    3) exit 1 ;;       # the board has said why
    255) fail "the connection to $address broke; the board starts the old version or the new one, whole: plug it in and run the same again" ;;
    *) fail "the board could not go on, for the reason above; it starts the old version or the new one, whole: restart it and run the same again" ;;
    esac
}

deploy() {
    local there kilobytes
    connect
    make_version
    kilobytes=$(du -sk "$version" | cut -f 1)
    there=$(on_board prepare "$id" $((kilobytes + 1024)) </dev/null)
    if [ "$there" = present ]; then
        echo "The board has $id already."
    else
        echo "Uploading $id, $kilobytes KB ..."
        # ustar, and no copies of macOS's attributes: every tar reads that.
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
    if [ -t 0 ] && [ -t 1 ]; then terminal=-t; fi # Ctrl-C reaches the board
    on_board logs
    ;;
esac
