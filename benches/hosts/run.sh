#!/usr/bin/env bash
# Measures the cost of a sample in the C library, Pd, Csound and SuperCollider, beside the same
# network as compiled C in the same host, and beside the host's own means for one formula.
# Usage: benches/hosts/run.sh [--missing]
# NETWORKS names some of the networks below; gcc takes minutes to compile the largest.
#   --missing  only lists missing tools; fails if there are none
# Uses GATEBEND, or builds the program; builds the library and the plug-ins (hosts/build.sh).
set -euo pipefail
cd "$(dirname "$0")/../.."

missing() {
    local found=1 program
    for program in gcc g++ puredata csound scsynth sclang; do
        [ -n "$(type -P $program)" ] || { echo "$program is missing" && found=0; }
    done
    [ -e /usr/include/pd/m_pd.h ] || { echo "puredata-dev is missing" && found=0; }
    [ -e /usr/include/SuperCollider/plugin_interface/SC_PlugIn.h ] ||
        { echo "supercollider-dev is missing" && found=0; }
    [ -e /usr/include/csound/csdl.h ] || { echo "libcsound64-dev is missing" && found=0; }
    return "$found"
}
if [ "${1:-}" = --missing ]; then missing && exit || exit 1; fi
if why=$(missing); then echo "benches/hosts/run.sh: $why" >&2 && exit 1; fi

export GATEBEND_HOSTS=${GATEBEND_HOSTS:-${CARGO_TARGET_DIR:-$PWD/target}/hosts}
if [ -z "${GATEBEND:-}" ]; then
    cargo build --quiet --release --bin gatebend
    GATEBEND=${CARGO_TARGET_DIR:-$PWD/target}/release/gatebend
fi
for part in pd csound supercollider; do hosts/build.sh "$part" >/dev/null; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

compile() {
    local name=$1
    shift
    "${CC:-gcc}" -O2 -Wall -Wextra -fPIC "$@" -o "$folder/$name"
}
compile library -std=c99 -I "$GATEBEND_HOSTS/include" benches/hosts/library.c \
    "$GATEBEND_HOSTS/lib/libgatebend.a" -lm -lpthread -ldl
compile compiled~.pd_linux -std=c99 -shared -I /usr/include/pd benches/hosts/compiled~.c
compile csound.so -std=c99 -shared -D_XOPEN_SOURCE=700 -DUSE_DOUBLE \
    -isystem /usr/include/csound benches/hosts/csound.c
extensions=$folder/SuperCollider/Extensions
mkdir -p "$extensions"
cp -R "$GATEBEND_HOSTS/supercollider" "$extensions/"
CC=g++ compile SuperCollider/Extensions/Compiled.so -std=c++17 -shared \
    -isystem /usr/include/SuperCollider/common \
    -isystem /usr/include/SuperCollider/plugin_interface benches/hosts/supercollider.cpp
echo "Compiled : UGen { *ar { ^this.multiNew('audio') } }" >"$extensions/Compiled.sc"

# ---- Networks ----

read -ra names <<<"${NETWORKS:-forty-two trained-forty-two trained-stairs random-500 random-2000 \
random-13000 random-57000}"
random() {
    "$GATEBEND" random --inputs 16 --ops xor-rich --seed 1 --layers "$2" --name "$1" \
        -o "$folder/$1.json"
}
cp assets/networks/{forty-two,trained-forty-two,trained-stairs}.json "$folder/"
random random-500 8x132
random random-2000 10x500
random random-13000 32x500
random random-57000 64x1020
for name in "${names[@]}"; do
    mkdir "$folder/$name"
    "$GATEBEND" export --to c "$folder/$name.json" -o "$folder/$name/network.h"
    compile "$name.so" -shared "-DNETWORK=\"$folder/$name/network.h\"" benches/hosts/network.c
done

gates() { "$GATEBEND" info "$folder/$1.json" | sed -n 's/^gates.*live, \([0-9]*\) when.*/\1/p'; }

# ---- Hosts ----

# Each host has three functions: `X_object KIND NETWORK` prints the code of an object that
# plays a network; `X_session FILE NETWORK COPIES SECONDS CODE` writes a session in which copies
# of an object play; and `X_play FILE` plays it, as fast as it can.

# shellcheck disable=SC2016 # Pd's variable
pd_object() {
    case $1 in
    ours) echo "difflogic~ $folder/$2.json" ;;
    compiled) echo "compiled~ $folder/$2.so" ;;
    own) echo 'expr~ (((int($v1*16384)>>10)&42)*int($v1*16384)&255)/128-1' ;;
    esac
}
pd_session() {
    local i
    {
        printf '%s;\n' '#N canvas 0 0 400 300 12' '#X obj 0 0 loadbang' \
            '#X msg 0 0 \; pd dsp 1' "#X obj 0 0 delay $((1000 * $4))" \
            '#X msg 0 0 \; pd quit' '#X obj 0 0 phasor~ 0.48828125'
        for ((i = 0; i < $3; i++)); do echo "#X obj 0 0 $5;"; done
        printf '#X connect %s;\n' '0 0 1 0' '0 0 2 0' '2 0 3 0'
        case $5 in
        expr~*) for ((i = 0; i < $3; i++)); do echo "#X connect 4 0 $((5 + i)) 0;"; done ;;
        esac
    } >"$1"
}
pd_play() {
    puredata -batch -nogui -noprefs -noaudio -r 48000 -path "$folder" \
        -path "$(echo "$GATEBEND_HOSTS"/pd/*/difflogic)" "$1"
}

csound_object() {
    case $1 in
    ours) printf '%s\n' "giNetwork gatebendload \"$folder/$2.json\"" 'instr 1' \
        'aLeft gatebend giNetwork' 'endin' ;;
    compiled) printf '%s\n' 'instr 1' "aLeft compiled \"$folder/$2.so\"" 'endin' ;;
    own) printf '%s\n' 'instr 1' 'setksmps 1' 'kFraction init 0' 'kTime = int(kFraction)' \
        'aOut = ((((kTime >> 10) & 42) * kTime) & 255) / 128 - 1' \
        'kFraction += 8000 / 48000' 'endin' ;;
    esac
}
csound_session() {
    local notes='' i
    for ((i = 0; i < $3; i++)); do notes+="i 1 0 $4"$'\n'; done
    cat >"$1" <<EOF
<CsoundSynthesizer>
<CsInstruments>
sr = 48000
ksmps = 64
nchnls = 1
0dbfs = 1
$5
</CsInstruments>
<CsScore>
f 0 $4
$notes
</CsScore>
</CsoundSynthesizer>
EOF
}
csound_play() {
    cp "$1" "$folder/session.csd"
    csound -n -d -m0 --opcode-lib="$folder/csound.so" \
        --opcode-lib="$GATEBEND_HOSTS/csound/libgatebend.so" "$folder/session.csd"
}

supercollider_object() {
    case $1 in
    ours) echo 'Gatebend.ar(1, 1)' ;;
    compiled) echo 'Compiled.ar' ;;
    own) echo 'var t = Phasor.ar(0, 8000 / 48000, 0, 16384).trunc;
        ((((t >> 10) bitAnd: 42) * t) bitAnd: 255) / 128 - 1' ;;
    esac
}
supercollider_session() {
    export COMPILED=$folder/$2.so
    cat >"$folder/session.scd" <<EOF
{
    var definition = SynthDef(\\sound, { Out.ar(0, { $5 }.value) });
    var events = [
        [0.0, ['/d_recv', definition.asBytes]],
        [0.0, Gatebend.loadMsg(1, "$folder/$2.json")]
    ] ++ $3.collect { |i| [0.01, ['/s_new', \\sound, 1000 + i, 0, 0]] };
    Score.write(events ++ [[$4.0, ['/c_set', 0, 0]]], "$1", TempoClock.new);
    0.exit
}.value
EOF
    QT_QPA_PLATFORM=offscreen QTWEBENGINE_DISABLE_SANDBOX=1 \
        at_home sclang "$folder/session.scd" </dev/null >"$folder/log" 2>&1
}
supercollider_play() { at_home scsynth -N "$1" _ /dev/null 48000 WAV float -o 1; }
at_home() {
    HOME=$folder XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder XDG_RUNTIME_DIR=$folder "$@"
}

# Prints the seconds of processor time of a command, without those of the system.
processor_time() {
    local TIMEFORMAT=%U
    { time "$@" >"$folder/log" 2>&1; } 2>&1 ||
        { cat "$folder/log" >&2 && echo "benches/hosts/run.sh: $1 failed" >&2 && exit 1; }
}

# ---- Figures ----

rounds=5 short=1 long=21
# Prints the nanoseconds of a sample in a host, each the median of the rounds: of a network
# that the host plays itself (ours), compiled, and by the host's own means if there are some.
measure() {
    local host=$1 name=$2 copies=$3 round kind seconds from to
    local kinds=(ours compiled) file=$folder/session
    [ "$name" != forty-two ] || kinds+=(own)
    for seconds in "$short" "$long"; do
        for kind in "${kinds[@]}"; do
            "${host}_session" "$file-$kind-$seconds" "$name" "$copies" "$seconds" \
                "$("${host}_object" "$kind" "$name")"
        done
        "${host}_session" "$file-empty-$seconds" "$name" 0 "$seconds" \
            "$("${host}_object" ours "$name")"
    done
    for ((round = 0; round < rounds; round++)); do
        for kind in "${kinds[@]}" empty; do
            # What the start takes is in both.
            from=$(processor_time "${host}_play" "$file-$kind-$short") || exit
            to=$(processor_time "${host}_play" "$file-$kind-$long") || exit
            echo "$kind $from $to"
        done
    done | sort | awk -v samples="$((copies * 48000 * (long - short)))" '
        { ns[$1, ++count[$1]] = 1e9 * ($3 - $2) / samples }
        function median(kind,  i, j, t) {
            for (i = 1; i < count[kind]; i++) for (j = i + 1; j <= count[kind]; j++)
                if (ns[kind, j] < ns[kind, i]) {
                    t = ns[kind, i]; ns[kind, i] = ns[kind, j]; ns[kind, j] = t
                }
            return ns[kind, int((count[kind] + 1) / 2)]
        }
        END {
            empty = median("empty")
            ours = median("ours") - empty; compiled = median("compiled") - empty
            printf "%.2f | %.2f | %.2f", ours, compiled, ours / compiled
            own = median("own") - empty
            if (count["own"]) printf " | %.2f | %.2f", own, ours / own
            else printf " | |"
        }'
}

date +%F
sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1
gcc --version | head -n 1
echo
echo "The library: ns a sample at 8,000 Hz, the networks' own rate, and at 48,000 Hz"
for name in "${names[@]}"; do
    echo "$name, $(gates "$name") gates"
    "$folder/library" "$folder/$name.json" "$folder/$name.so" 8000 48000
done
for host in pd csound supercollider; do
    echo
    echo "| network in $host | gates | ours | compiled | ratio | own means | ratio |"
    echo "|---|---|---|---|---|---|---|"
    for name in "${names[@]}"; do
        case $name in
        random-?????) copies=5 ;;
        *) copies=50 ;;
        esac
        echo "| $name | $(gates "$name") | $(measure "$host" "$name" "$copies") |"
    done
done
