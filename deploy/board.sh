# shellcheck shell=sh disable=SC2154
# The board's part of deploy.sh, which sends this file together with the variables that it
# needs (bela, projects, project, state) and a command to run. Uses only tools of Bela's
# images: a POSIX shell, coreutils or BusyBox, tar, make, systemd.
#
# If it is killed between any two commands, the project starts the old version or the new
# one, complete. Only the `mv` of run.sh changes which.

home=$projects/$project
versions=$home/.versions
incoming=$home/.incoming
fresh=$home/.fresh
startup_env=/opt/Bela/startup_env
xenomai=/proc/xenomai/sched/stat
# Journal matches for the program's messages before its own log starts.
of_boot=_SYSTEMD_UNIT=bela_startup.service
by_hand=SYSLOG_IDENTIFIER=gatebend

# Exit code 3: the reason has been printed.
fail() { # message
    echo "deploy.sh: $*" >&2
    exit 3
}

field() { # version or previous; prints its value in run.sh
    sed -n "s/^$1=//p" "$home/run.sh" 2>/dev/null
}

is_whole() { # id; succeeds if the checksum of every file matches
    (cd "$versions/${1:?}" && sha256sum -c SHA256SUMS) >/dev/null 2>&1
}

prepare() { # id, kilobytes; prints whether the version is present
    [ -d "$projects" ] ||
        fail "the board has no folder $projects; is it a Bela? If so, correct projects in boards/*.toml"
    if [ -n "$(ls -A "$home" 2>/dev/null)" ] && [ ! -d "$versions" ] && [ ! -d "$incoming" ]; then
        fail "the project $project on the board is not Gatebend; rename it in the IDE, or set another project in boards/*.toml"
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

receive() { # id, checksum of SHA256SUMS; reads the files as a tar
    mkdir -p "$incoming" "$versions" || fail "the board cannot write to $home; restart it and try again"
    tar -xmof - -C "$incoming" ||
        fail "the upload is incomplete; the board keeps its version, run ./deploy.sh again"
    if ! (cd "$incoming" && echo "$2  SHA256SUMS" | sha256sum -c - && sha256sum -c SHA256SUMS) >/dev/null 2>&1; then
        rm -rf "$incoming"
        fail "the upload was damaged; the board keeps its version, try another USB cable and run ./deploy.sh again"
    fi
    sync
    rm -rf "$versions/${1:?}" # exists only if it was damaged
    mv "$incoming" "$versions/$1" || fail "the board cannot write to $versions; restart it and try again"
}

put() { # id, id of the previous version; both are written to run.sh
    trap '' HUP PIPE # the following survives a broken connection
    for file in readme.txt settings.json; do
        # The IDE stores the player's options in settings.json.
        [ -e "$home/$file" ] || { cp "$versions/$1/$file" "$fresh" && mv "$fresh" "$home/$file"; }
    done
    if ! sed "s/^previous=.*/previous=$2/" "$versions/$1/run.sh" >"$fresh" ||
        ! chmod 755 "$fresh" || ! sync || ! mv -f "$fresh" "$home/run.sh"; then
        fail "the board cannot write to $home; it keeps its version, restart it and try again"
    fi
    sync
}

activate() { # id; makes the board start it, and keeps the previous version
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
        fail "the board starts $now and has no previous version; to go back, deploy an older commit"
    fi
    put "$before" '' # without a previous version: rolling back twice does not go forward
    echo "The board starts $before again."
}

boots() { # succeeds if Bela starts this project at boot
    grep -qx ACTIVE=1 "$startup_env" 2>/dev/null && grep -qx "PROJECT=$project" "$startup_env"
}

# Uses Bela's tools, then signals if the program is still running.
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
        systemctl start bela_startup || fail "the board's service bela_startup does not start; ./deploy.sh --logs shows why"
        alive="systemctl is-active --quiet bela_startup"
        journal=$of_boot
    else
        # Logs to the journal, whose size is limited. With set -m the job accepts SIGINT.
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
            echo "Gatebend is playing."
            return
        fi
        if ! $alive 2>/dev/null; then
            journalctl "$journal" -n 5 -o cat --no-pager >&2 2>/dev/null
            fail "Gatebend was deployed, but stopped at once; its messages are above; ./deploy.sh --rollback returns to the previous version"
        fi
        sleep 0.2
    done
    echo "Gatebend was started, but there is no sound yet; ./deploy.sh --logs shows why."
}

restart() {
    trap '' HUP PIPE
    stop_playing
    start_playing
}

boot() {
    make --no-print-directory -C "$bela" PROJECT="$project" startup >/dev/null ||
        fail "Bela's Makefile could not make $project start at boot; update the board's Bela software and try again"
    echo "Gatebend starts at boot from now on; --no-boot reverts this."
}

no_boot() {
    if ! boots; then
        echo "Gatebend does not start at boot; nothing was changed."
        return
    fi
    make --no-print-directory -C "$bela" nostartup >/dev/null ||
        fail "Bela's Makefile could not remove $project from boot; choose another project for boot in the IDE's settings"
    echo "Gatebend no longer starts at boot."
}

logs() {
    echo "== The board's journal of the last starts"
    journalctl "$of_boot" + "$by_hand" -n 20 --no-pager 2>/dev/null
    echo "== $state/log.txt; Ctrl-C ends"
    exec tail -n 50 -F "$state/log.txt"
}
