#!/usr/bin/env bash
# Tests deploy.sh with a fake board: a fake `ssh` runs the commands on this computer, with the
# board's absolute paths mapped into a folder, fake `make` and `systemctl`, and failures on
# demand. Needs no network, board or Rust.
# shellcheck disable=SC2016 # eval expands its arguments itself
set -uo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'stop_program; rm -rf "$tmp"' EXIT

trap 'exit 130' INT TERM
passed=0 failed=0
check() { # name, command...
    if "${@:2}" >/dev/null 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
        sed 's/^/    /' "$tmp/said" 2>/dev/null
    fi
}

# ---- The fake board

export FAKE=$tmp/fake
root=$FAKE/root
projects=$root/root/Bela/projects
home=$projects/gatebend
state=$root/root/gatebend
stat=$root/proc/xenomai/sched/stat
mkdir -p "$FAKE/host" "$FAKE/board"

write() { # file; reads its text
    cat >"$1" && chmod +x "$1"
}

# FAKE_DIE_BEFORE, FAKE_DIE_AFTER: the connection breaks before or after this call.
# FAKE_CUT: it breaks after this many bytes of the upload. FAKE_CORRUPT: flips bits.
# FAKE_KILL: the board dies before this command of all its scripts.
write "$FAKE/host/ssh" <<'STUB'
#!/usr/bin/env bash
while :; do
    case $1 in
    -O) exit 0 ;;
    -o) shift 2 ;;
    -*) shift ;;
    *) break ;;
    esac
done
host=$1 command="${*:2}" root=$FAKE/root
echo "$host" >>"$FAKE/calls"
if [ "$(<"$FAKE/reachable")" != "$host" ]; then
    echo "ssh: connect to host $host port 22: ${FAKE_WHY:-Connection timed out}" >&2
    exit 255
fi
number=0
while read -r _; do number=$((number + 1)); done <"$FAKE/calls"
[ "${FAKE_DIE_BEFORE:-0}" != $number ] || exit 255
command=${command//\/opt\/Bela/$root/opt/Bela}
command=${command//\/proc\/xenomai/$root/proc/xenomai}
if [ -n "${FAKE_KILL-}" ]; then
    read -r done <"$FAKE/done"
    command="n=$done
trap '[ \$BASH_SUBSHELL != 0 ] || [ \$((n += 1)) -lt $FAKE_KILL ] || kill -9 \$\$' DEBUG
trap 'echo \$((n - 1)) >$FAKE/done' EXIT
set -T
$command"
fi
run() {
    env -i PATH="$FAKE/board:${FAKE_TOOLS:+$FAKE_TOOLS:}/usr/bin:/bin:/usr/sbin:/sbin" \
        HOME="$root/root" FAKE="$FAKE" bash -c "$command"
}
if [ -n "${FAKE_CUT-}" ] && [[ $command == *"
receive "* ]]; then
    head -c "$FAKE_CUT" | run
    exit 255
elif [ -n "${FAKE_CORRUPT-}" ] && [[ $command == *"
receive "* ]]; then
    LC_ALL=C sed 's/payload/pay1oad/' | run
else
    run
fi
status=$?
[ "${FAKE_DIE_AFTER:-0}" != $number ] || exit 255
[ $status != 137 ] || exit 255
exit $status
STUB

# The targets of Bela's Makefile that deploy.sh uses.
write "$FAKE/board/make" <<'STUB'
#!/usr/bin/env bash
root=$FAKE/root
for argument in "$@"; do
    case $argument in
    -C | --no-print-directory) ;;
    *=*) export "${argument%%=*}=${argument#*=}" ;;
    *) target=$argument ;;
    esac
done
echo "$target ${PROJECT-}" >>"$FAKE/made"
case $target in
stop)
    systemctl stop bela_startup
    pid=$(awk '/bela-audio/ { print $2 }' "$root/proc/xenomai/sched/stat" 2>/dev/null)
    [ -z "$pid" ] || kill -INT "$pid"
    while [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    ;;
runonly) cd "$root/root/Bela/projects/$PROJECT" && bash "$root/root/Bela/projects/$PROJECT/run.sh" ;;
startup) mkdir -p "$root/opt/Bela" && printf 'ACTIVE=1\nPROJECT=%s\nARGS=' "$PROJECT" >"$root/opt/Bela/startup_env" ;;
nostartup) printf 'ACTIVE=0\n' >"$root/opt/Bela/startup_env" ;;
*) exit 2 ;;
esac
STUB
write "$FAKE/board/systemctl" <<'STUB'
#!/usr/bin/env bash
echo "$*" >>"$FAKE/systemctl"
case "$*" in
"start bela_startup") (make -C x PROJECT=gatebend runonly &) >/dev/null 2>&1 ;;
esac
STUB
write "$FAKE/board/systemd-cat" <<'STUB'
#!/usr/bin/env bash
exec "${@:3}" >>"$FAKE/journal" 2>&1
STUB
write "$FAKE/board/journalctl" <<'STUB'
#!/usr/bin/env bash
cat "$FAKE/journal"
STUB
# The real one would wait for all writes of this computer.
write "$FAKE/board/sync" <<'STUB'
#!/bin/sh
STUB
# Ends instead of following the file.
write "$FAKE/board/tail" <<'STUB'
#!/usr/bin/env bash
echo "tail $*" && cat "${@: -1}"
STUB

# A program that prints its version and its arguments. `play` runs until it is interrupted
# and shows an audio thread.
program() { # version
    write "$tmp/$1" <<STUB
#!/usr/bin/env bash
# payload
echo $1
for argument in "\$@"; do echo "[\$argument]"; done
if [ "\$1" = play ] && [ -e "$FAKE/plays" ]; then
    trap 'rm -f "$stat"; exit' INT
    echo "  0 \$\$ 0 1 2 3 4 5 bela-audio" >"$stat"
    exec 3<>"$FAKE/pipe"
    read -r -t 60 -u 3
fi
[ ! -e "$FAKE/breaks" ] || { echo "no libbela here" >&2; exit 1; }
STUB
}
program v1
program v2
program v3
mkfifo "$FAKE/pipe"

stop_program() {
    local pid
    pid=$(awk '{ print $2 }' "$stat" 2>/dev/null)
    [ -z "$pid" ] || kill -INT "$pid" 2>/dev/null
    return 0
}

new_board() {
    stop_program
    rm -rf "$root" "$FAKE"/{made,systemctl,journal,plays,breaks}
    mkdir -p "$projects" "${stat%/*}"
    touch "$root/root/Bela/Makefile" "$FAKE/journal" "$FAKE/made" "$FAKE/systemctl"
    echo root@192.168.7.2 >"$FAKE/reachable"
}

# ---- The fake repository, in a folder with a space in its name

tree="$tmp/a tree"
mkdir -p "$tree/boards" "$tree/assets/networks"
cp -R "$repository/deploy.sh" "$repository/deploy" "$repository/Cargo.toml" "$tree"
cp "$repository"/assets/networks/{stairs,pebbles}.json "$tree/assets/networks"
cat >"$tree/boards/bela-black.toml" <<TOML
kind = "bela"
[i2c]
host = "not this one"
[deploy]
host = "root@192.168.7.2"   # over USB
target = "armv7-unknown-linux-gnueabihf"
projects = "$projects"
project="gatebend"
state = "$state"
[pru]
project = "nor this one"
TOML
printf 'kind = "desk"\n' >"$tree/boards/desk.toml"
write "$tree/cross.sh" <<'STUB'
#!/usr/bin/env bash
echo "building" >&2
echo "$*" >>"$FAKE/built"
[ ! -e "$FAKE/breaks-build" ] || exit 1
cat "$FAKE/binary"
STUB

deploy() { # arguments of deploy.sh; writes its output to $tmp/said
    : >"$FAKE/calls"
    echo 0 >"$FAKE/done"
    PATH="$FAKE/host:$PATH" "$tree/deploy.sh" "$@" >"$tmp/said" 2>&1 </dev/null
}
deploy_version() { # version, arguments
    GATEBEND_BINARY=$tmp/$1 deploy "${@:2}"
}
refuses() { ! "$@"; }
says() { grep -q -- "$1" "$tmp/said"; }
said_one_line() { [ "$(grep -c . "$tmp/said")" = 1 ]; }
starts() { [ "$(cd / && bash "$home/run.sh" 2>/dev/null | head -n 1)" = "$1" ]; }
current() { sed -n 's/^version=//p' "$home/run.sh"; }
is_clean() { # number of versions
    [ ! -e "$home/.incoming" ] && [ ! -e "$home/.fresh" ] &&
        [ "$(find "$home/.versions" -mindepth 1 -maxdepth 1 | wc -l)" -eq "$1" ] &&
        for version in "$home"/.versions/*; do (cd "$version" && sha256sum -c SHA256SUMS) || return 1; done
}

# ---- First deployment, and the folder it creates

new_board
echo "$tmp/v1" >"$FAKE/binary"
check "first deployment" deploy --no-start
check "builds for the board" grep -qx -- "--board bela-black" "$FAKE/built"
check "shows the address that answered" says "root@192.168.7.2 answers"
check "the version starts" starts v1
check "one version and no leftovers" is_clean 1
check "networks are installed" test -f "$home/.versions/$(current)/networks/stairs.json"
check "the IDE has a file to display" grep -q '"fileName":"readme.txt"' "$home/settings.json"
check "the file to display exists" test -f "$home/readme.txt"
check "nothing was stopped or started" test ! -s "$FAKE/made"
check "the IDE sees one project" test "$(ls -A "$projects")" = gatebend

CL='-p16 --pga-gain-left=10 *' bash "$home/run.sh" >"$tmp/run" 2>&1
printf '%s\n' v1 '[play]' '[--board]' '[bela-black]' '[--state]' "[$state]" '[--]' '[-p16]' '[--pga-gain-left=10]' '[*]' >"$tmp/expected"
check "options of the IDE follow --, as words" cmp "$tmp/run" "$tmp/expected"
unset CL
bash "$home/run.sh" >"$tmp/run" 2>&1
check "without options nothing follows --" test "$(tail -n 1 "$tmp/run")" = '[--]'
bash "$home/run.sh" check --quick >"$tmp/run" 2>&1
check "the self-test uses the board" \
    test "$(tr '\n' ' ' <"$tmp/run")" = "v1 [check] [--board] [bela-black] [--state] [$state] [--quick] "
bash "$home/run.sh" info x.json >"$tmp/run" 2>&1
check "other arguments are passed to the program" test "$(tr '\n' ' ' <"$tmp/run")" = "v1 [info] [x.json] "

cp -R "$home" "$tmp/my project"
chmod -x "$tmp/my project/.versions/"*/bin/gatebend
check "run.sh works with spaces in its path and without the execute permission" \
    test "$(cd "$tmp/my project" && bash run.sh | head -n 1)" = v1
rm -rf "$tmp/my project/.versions"
check "run.sh fails if the program is missing" refuses bash "$tmp/my project/run.sh"

# Removes what the IDE's Clean removes.
rm -rf "$home/build" "$home/gatebend"
check "starts after the IDE's Clean" starts v1
if grep -rq "$home/gatebend" "$home"; then check "nothing is stored where Clean deletes" false; fi

# ---- The same version again, other versions, rollback

check "the same version again" deploy_version v1 --no-start
check "nothing is uploaded twice" says "already has"
check "still one version" is_clean 1
echo '{"fileName":"readme.txt","CLArgs":{"-p":"64"}}' >"$home/settings.json"
first=$(current)
check "another version" deploy_version v2 --no-start
check "the other version starts" starts v2
check "the old version is kept" is_clean 2
check "the player's options in the IDE are unchanged" grep -q '"-p":"64"' "$home/settings.json"
check "rollback" deploy --rollback --no-start
check "the old version starts" starts v1
check "run.sh names the old version" test "$(current)" = "$first"
check "rolling back twice fails" refuses deploy --rollback --no-start
check "and says why" says "no previous version"
check "the old version still starts" starts v1
check "the newer version again" deploy_version v2 --no-start
check "is not uploaded again" says "already has"
check "a third version" deploy_version v3 --no-start
check "the third version starts" starts v3
check "two versions are kept" is_clean 2
check "rollback from the third version" deploy --rollback --no-start
check "the second version starts" starts v2
check "a damaged version is uploaded again" eval 'echo x >>"$home/.versions/$(current)/bin/gatebend"; deploy_version v2 --no-start'
check "and is complete" is_clean 1
check "the second version still starts" starts v2

# ---- Start, stop, boot, logs

new_board
touch "$FAKE/plays"
check "deployment starts the program" deploy_version v1
check "Gatebend is playing" says "is playing"
check "the program is started with Bela's Makefile" grep -qx "runonly gatebend" "$FAKE/made"
check "its output goes to the journal" grep -q "play" "$FAKE/journal"
check "stop" deploy --stop
check "with Bela's Makefile" grep -qx "stop " "$FAKE/made"
check "an interrupt ends the program" test ! -e "$stat"
deploy_version v1
old=$(awk '{ print $2 }' "$stat")
check "the next version replaces it" deploy_version v2
check "the old version has ended" refuses kill -0 "$old"
check "the new version plays" grep -q v2 "$FAKE/journal"
check "without --no-start, rollback starts the program" deploy --rollback
check "the old version plays" test "$(tail -n 1 <(grep '^v' "$FAKE/journal"))" = v1
rm "$root/root/Bela/Makefile" && mv "$FAKE/board/make" "$FAKE/board/unmade"
check "stop without Bela's Makefile" deploy --stop
check "the program has ended" test ! -e "$stat"
mv "$FAKE/board/unmade" "$FAKE/board/make" && touch "$root/root/Bela/Makefile"

rm "$FAKE/plays"
touch "$FAKE/breaks"
check "a program that stops at once is an error" refuses deploy_version v2
check "with its output" says "no libbela here"
check "and a remedy" says "rollback returns"
rm "$FAKE/breaks"

check "--no-boot where it does not start at boot" deploy --no-boot
check "changes nothing" refuses grep -q nostartup "$FAKE/made"
touch "$FAKE/plays"
: >"$FAKE/made"
check "--boot" deploy_version v2 --boot
check "with Bela's Makefile" grep -qx "startup gatebend" "$FAKE/made"
check "the boot settings name the project" grep -qx "PROJECT=gatebend" "$root/opt/Bela/startup_env"
check "the service starts the program" grep -qx "start bela_startup" "$FAKE/systemctl"
check "Gatebend is playing" says "is playing"
: >"$FAKE/systemctl"
check "deployment again" deploy_version v1
check "the service starts the program again" grep -qx "start bela_startup" "$FAKE/systemctl"
check "--no-boot" deploy --no-boot
check "with Bela's Makefile" grep -qx "ACTIVE=0" "$root/opt/Bela/startup_env"
printf 'ACTIVE=1\nPROJECT=other\n' >"$root/opt/Bela/startup_env"
check "--no-boot leaves other projects alone" eval 'deploy --no-boot && grep -qx PROJECT=other "$root/opt/Bela/startup_env"'

echo "a line of the log" >"$state/log.txt"
echo "a line of the journal" >>"$FAKE/journal"
check "--logs" deploy --logs
check "shows the journal" says "a line of the journal"
check "shows the log" says "a line of the log"
check "follows the log" says "tail .*-F $state/log.txt"

# ---- Dry run

new_board
rm -f "$FAKE/built"
before=$(find "$tree" "$root" | sort)
for options in '' --boot --no-boot --rollback --stop --logs --zip '--zip x.zip' 'bela.local --no-start'; do
    # shellcheck disable=SC2086
    check "--dry-run $options" deploy $options --dry-run
    check "--dry-run $options shows steps" says "Steps:"
    check "--dry-run $options does not connect" test ! -s "$FAKE/calls"
done
check "--dry-run names each address once" eval 'deploy --dry-run && says "connect: root@192.168.7.2, else root@192.168.6.2, else root@bela.local$"'
check "--dry-run builds nothing" test ! -e "$FAKE/built"
check "--dry-run changes nothing" test "$before" = "$(find "$tree" "$root" | sort)"

# ---- Zip

rm -f "$FAKE/calls"
unpack() { # zip, folder
    mkdir -p "$2" && if command -v unzip; then unzip -q "$1" -d "$2"; else python3 -m zipfile -e "$1" "$2"; fi
}
check "--zip" deploy_version v1 --zip
check "--zip does not connect" test ! -s "$FAKE/calls"
check "the zip can be unpacked" unpack "$tree/out/gatebend.zip" "$projects/gatebend"
check "its top folder has more than one entry" test "$(find "$home" -mindepth 1 -maxdepth 1 | wc -l)" -gt 1
check "run.sh is in its top folder" test -f "$home/run.sh"
check "it contains the networks" test -f "$home/.versions/$(current)/networks/stairs.json"
check "it contains one complete version" is_clean 1
if command -v unzip >/dev/null; then
    check "the program is executable" test -x "$home/.versions/$(current)/bin/gatebend"
fi
chmod -R a-x+X "$home"
check "the version starts, executable or not" starts v1
check "a project from a zip can be updated" deploy_version v2 --no-start
check "its version becomes the old version" eval 'starts v2 && deploy --rollback --no-start && starts v1'
check "--zip FILE" eval 'cd "$tmp" && deploy_version v1 --zip some.zip'
check "writes that file" test -s "$tmp/some.zip"

# ---- Failures

new_board
deploy_version v1 --no-start
: >"$FAKE/reachable"
check "no board" refuses deploy_version v2
check "suggests a check" says "USB cable"
check "names the addresses tried" says "at root@192.168.7.2 root@192.168.6.2 root@bela.local; is"
check "tries each address once" test "$(wc -l <"$FAKE/calls")" -eq 3
echo root@192.168.6.2 >"$FAKE/reachable"
check "the address on macOS" deploy_version v2 --no-start
check "is shown" says "root@192.168.6.2 answers"
echo me@studio >"$FAKE/reachable"
check "a host by name" deploy_version v1 me@studio --no-start
check "is the only one tried" test "$(sort -u "$FAKE/calls")" = me@studio
check "a host without a user name means root" refuses deploy_version v1 studio --no-start
check "root@studio" grep -qx root@studio "$FAKE/calls"
FAKE_WHY='Permission denied (publickey,password).' check "a wrong password" refuses deploy_version v1
check "is an error" says "password"
FAKE_WHY='REMOTE HOST IDENTIFICATION HAS CHANGED!' check "another host key" refuses deploy_version v1
check "is an error with a remedy" says "ssh-keygen -R"
echo root@192.168.7.2 >"$FAKE/reachable"

check "a damaged upload" eval 'deploy_version v1 --no-start; FAKE_CORRUPT=1 refuses deploy_version v3 --no-start'
check "is an error" says "damaged"
check "the old version starts" starts v1
check "there are no leftovers" is_clean 2
check "and again, undamaged" deploy_version v3 --no-start

touch "$FAKE/breaks-build"
check "a build that fails" refuses deploy --no-start
check "is an error" says "the build failed"
check "the old version still starts" starts v3
rm "$FAKE/breaks-build"
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\076\0' >"$tmp/desktop"
check "a program for a desktop is rejected" refuses deploy_version desktop
check "with the reason" says "not for armv7"
GATEBEND_BINARY=$tmp/nowhere check "a missing program is an error" refuses deploy
rm -rf "$home" && mkdir "$home" && echo 'int main;' >"$home/render.cpp"
check "another project of the same name is an error" refuses deploy_version v1
check "with the reason" says "is not Gatebend"
check "and stays unchanged" test "$(ls -A "$home")" = render.cpp
rm -rf "$home"
check "rollback without Gatebend fails" refuses deploy --rollback
check "with the reason" says "run ./deploy.sh first"
rmdir "$projects"
check "a board without Bela is an error" refuses deploy_version v1
check "with the reason" says "is it a Bela"
for options in --nonsense '--board nowhere' '--board desk' '--stop --logs' '--zip --boot' 'a b' '--board' '-x' 'a;b'; do
    # shellcheck disable=SC2086
    check "$options is rejected" refuses deploy $options
    check "$options gives a one-line message" said_one_line
done
check "an unknown board lists the boards" eval 'refuses deploy --board nowhere && says "bela-black"'
check "--help" deploy --help
check "lists every option" eval 'for o in boot no-start no-boot rollback stop logs zip board dry-run; do says "--$o" || exit 1; done'

# ---- Interruptions: afterwards the old version starts, or the new one does while the old one
# is kept, all of them complete; and deploying again succeeds

new_board
for version in v3 v1 v2; do
    deploy_version $version --no-start
    eval "id_$version=$(current)"
done
old=v2 new=v3

# Prints the state of the folder, independent of which versions are the old and the new one.
look() {
    local old_id=id_$old new_id=id_$new
    (cd "$home" && find . -type f -exec wc -c {} + && sed -n '/^version=/p; /^previous=/p' run.sh) |
        sed "s/${!old_id}/old/; s/${!new_id}/new/" | sort
}
seen=()
whole() { # id
    (cd "$home/.versions/$1" && sha256sum -c SHA256SUMS)
}
broken() { # where the deployment of $new was interrupted
    local where=$1 next
    if starts $old; then
        check "$where: the old version is complete" whole "$(current)"
    else
        check "$where: the new version starts" starts $new
        check "$where: the new version is complete" whole "$(current)"
        check "$where: the old version is complete" whole "$(sed -n 's/^previous=//p' "$home/run.sh")"
    fi
    # Recovery from each state is tested once.
    local there
    there=$(look)
    for one in ${seen[@]+"${seen[@]}"}; do
        if [ "$one" = "$there" ]; then return; fi
    done
    seen+=("$there")
    check "$where: deployment again" deploy_version $new --no-start
    check "$where: the new version then starts" starts $new
    check "$where: two versions and no leftovers" is_clean 2
    # The next deployment is of the third version.
    case $new in v1) next=v2 ;; v2) next=v3 ;; v3) next=v1 ;; esac
    old=$new new=$next
}

for when in BEFORE AFTER; do
    for call in 1 2 3 4; do
        export "FAKE_DIE_$when=$call"
        check "the connection breaks $when call $call: deployment fails" refuses deploy_version $new --no-start
        unset "FAKE_DIE_$when"
        broken "the connection breaks $when call $call"
    done
done
for cut in 0 100 700 1800 4000 9000; do
    FAKE_CUT=$cut check "cut after $cut bytes: deployment fails" refuses deploy_version $new --no-start
    broken "cut after $cut bytes"
done
kill_at=0
until [ $kill_at -gt 120 ]; do
    kill_at=$((kill_at + 1))
    if FAKE_KILL=$kill_at deploy_version $new --no-start; then break; fi
    broken "the board dies before command $kill_at"
done
check "the board died at every command of its scripts" test $kill_at -gt 40 -a $kill_at -le 120
check "many different states were tested" test ${#seen[@]} -gt 12
check "rollback after all of this" eval 'deploy --rollback --no-start && starts $old'

# A first deployment has no old version; it only has to succeed the second time.
for kill_at in 20 25 30 35; do
    new_board
    FAKE_KILL=$kill_at deploy_version v1 --no-start
    check "first deployment, dying before command $kill_at: deployment again" deploy_version v1 --no-start
    check "first deployment, dying before command $kill_at: the version starts" starts v1
done

# ---- The same with BusyBox on the board

if command -v busybox >/dev/null; then
    mkdir "$FAKE/busybox"
    for tool in tar sha256sum sed awk df ls head rm mv cp mkdir chmod grep; do
        ln -s "$(command -v busybox)" "$FAKE/busybox/$tool"
    done
    new_board
    FAKE_TOOLS=$FAKE/busybox check "BusyBox: deployment" deploy_version v1 --no-start
    FAKE_TOOLS=$FAKE/busybox check "BusyBox: another version" deploy_version v2 --no-start
    check "BusyBox: the version starts" starts v2
    check "BusyBox: complete" is_clean 2
    FAKE_TOOLS=$FAKE/busybox check "BusyBox: rollback" eval 'deploy --rollback --no-start && starts v1'
fi

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
