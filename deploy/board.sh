# shellcheck shell=sh disable=SC2154
# The board's side of deploy.sh, which sends this file along with the names it needs
# (bela, projects, project, state) and then the command to do.  Only tools of Bela's
# images: a POSIX shell, coreutils or BusyBox, tar, make, systemd.
#
# Promise: killed between any two commands, the project starts the old version or the
# new one, whole.  `mv` of run.sh is the only step that changes which.

home=$projects/$project
versions=$home/.versions
incoming=$home/.incoming
fresh=$home/.fresh
startup_env=/opt/Bela/startup_env
xenomai=/proc/xenomai/sched/stat
# Where the journal keeps what the program said before its own log began.
of_boot=_SYSTEMD_UNIT=bela_startup.service
by_hand=SYSLOG_IDENTIFIER=gatebend

# Exit code 3: the reason has been said.
fail() { # sentence
    echo "deploy.sh: $*" >&2
    exit 3
}

field() { # version or previous: what run.sh says
    sed -n "s/^$1=//p" "$home/run.sh" 2>/dev/null
}

is_whole() { # id: every file is what was sent
    (cd "$versions/${1:?}" && sha256sum -c SHA256SUMS) >/dev/null 2>&1
}

prepare() { # id, kilobytes: says whether that version is here
    [ -d "$projects" ] ||
        fail "the board has no folder $projects; is it a Bela? Else put its name into boards/*.toml"
    if [ -n "$(ls -A "$home" 2>/dev/null)" ] && [ ! -d "$versions" ] && [ ! -d "$incoming" ]; then
        fail "the project $project on the board is not Gatebend; rename it in the IDE, or name another one in boards/*.toml"
    fi
    rm -rf "$incoming" "$fresh"
    if is_whole "$1"; then
        echo present
        return
    fi
    free=$(df -Pk "$projects" | awk 'END { print $4 }')
    [ "$free" -ge "$2" ] ||
        fail "the board has $free KB left and $2 KB are needed; delete projects or recordings in the IDE and try again"
    echo absent
}

receive() { # id, checksum of SHA256SUMS; the files come as a tar
    mkdir -p "$incoming" "$versions" || fail "the board cannot write to $home; restart it and try again"
    tar -xmof - -C "$incoming" ||
        fail "the upload did not arrive whole; the board keeps what it had, run ./deploy.sh again"
    if ! (cd "$incoming" && echo "$2  SHA256SUMS" | sha256sum -c - && sha256sum -c SHA256SUMS) >/dev/null 2>&1; then
        rm -rf "$incoming"
        fail "the upload arrived damaged; the board keeps what it had, try another USB cable and run ./deploy.sh again"
    fi
    sync
    rm -rf "$versions/${1:?}" # there only if it was damaged
    mv "$incoming" "$versions/$1" || fail "the board cannot write to $versions; restart it and try again"
}

put() { # id, id of the one before: what run.sh says
    trap '' HUP PIPE # a broken connection does not stop what follows
    for file in readme.txt settings.json; do
        # The IDE keeps the player's options in settings.json.
        [ -e "$home/$file" ] || { cp "$versions/$1/$file" "$fresh" && mv "$fresh" "$home/$file"; }
    done
    if ! sed "s/^previous=.*/previous=$2/" "$versions/$1/run.sh" >"$fresh" ||
        ! chmod 755 "$fresh" || ! sync || ! mv -f "$fresh" "$home/run.sh"; then
        fail "the board cannot write to $home; it keeps the version it had, restart it and try again"
    fi
    sync
}

activate() { # id: it starts from now on, and the one before it is kept
    before=$(field version)
    [ "$before" != "$1" ] || before=$(field previous)
    [ -d "$versions/$before" ] || before=
    put "$1" "$before"
    for version in "$versions"/*; do
        case ${version##*/} in
        "$1" | "$before") ;;
        *) rm -rf "$version" ;;
        esac
    done
}

go_back() {
    now=$(field version)
    before=$(field previous)
    [ -n "$now" ] || fail "Gatebend is not on the board; run ./deploy.sh first"
    if [ -z "$before" ] || ! is_whole "$before"; then
        fail "the board starts $now and has none before it; deploy an older one from its commit"
    fi
    put "$before" '' # nothing before it: going back twice is no way forth
    echo "The board starts $before again."
}

boots() { # Bela starts this project at boot
    grep -qx ACTIVE=1 "$startup_env" 2>/dev/null && grep -qx "PROJECT=$project" "$startup_env"
}

# As Bela's own tools do, and then, should it still be there, by hand.
stop_playing() {
    make --no-print-directory -C "$bela" QUIET=true stop >/dev/null 2>&1
    pid=$(awk '/bela-audio/ { print $2; exit }' "$xenomai" 2>/dev/null)
    if [ -n "$pid" ]; then
        kill -INT "$pid" 2>/dev/null
        sleep 0.2
        kill -KILL "$pid" 2>/dev/null
    fi
    return 0
}

start_playing() {
    [ -f "$home/run.sh" ] || fail "Gatebend is not on the board; run ./deploy.sh first"
    mkdir -p "$state" || fail "the board cannot write to $state; restart it and try again"
    if boots; then
        systemctl start bela_startup || fail "the board's service bela_startup does not start; ./deploy.sh --logs says why"
        alive="systemctl is-active --quiet bela_startup"
        journal=$of_boot
    else
        # To the journal, which is kept small. Jobs of their own get signals, as -INT.
        journal=$by_hand
        cat=
        if systemd-cat true 2>/dev/null; then cat="systemd-cat -t gatebend"; fi
        set -m
        $cat make --no-print-directory -C "$bela" PROJECT="$project" runonly >/dev/null 2>&1 </dev/null &
        alive="kill -0 $!"
        set +m
    fi
    for _ in $(seq 50); do # ten seconds: make alone takes some of them on a board
        if grep -q bela-audio "$xenomai" 2>/dev/null; then
            echo "It plays."
            return
        fi
        if ! $alive 2>/dev/null; then
            journalctl "$journal" -n 5 -o cat --no-pager >&2 2>/dev/null
            fail "Gatebend is on the board, but stopped at once; what it said is above; ./deploy.sh --rollback goes back"
        fi
        sleep 0.2
    done
    echo "It was started, but there is no sound yet; ./deploy.sh --logs says what it waits for."
}

restart() {
    trap '' HUP PIPE
    stop_playing
    start_playing
}

boot() {
    make --no-print-directory -C "$bela" PROJECT="$project" startup >/dev/null ||
        fail "Bela's Makefile could not make $project start at boot; update the board's Bela software and try again"
    echo "It starts at boot from now on; --no-boot takes that back."
}

no_boot() {
    if ! boots; then
        echo "Gatebend does not start at boot; nothing was changed."
        return
    fi
    make --no-print-directory -C "$bela" nostartup >/dev/null ||
        fail "Bela's Makefile could not take $project from boot; choose another project for boot in the IDE's settings"
    echo "Gatebend does not start at boot any more."
}

logs() {
    echo "== what the board's journal has of the last starts"
    journalctl "$of_boot" + "$by_hand" -n 20 --no-pager 2>/dev/null
    echo "== $state/log.txt; Ctrl-C ends"
    exec tail -n 50 -F "$state/log.txt"
}
