#!/usr/bin/env bash
# Fuzzes with libFuzzer, on a stable Rust and a C++ compiler.
# Usage: fuzz/run.sh all|network_file|expression|state|script|player|message|midi_bytes|midi_file|train|import|pru_text|pru_words [libFuzzer options, such as -runs=100000]
# Interesting inputs are saved in fuzz/corpus, failures in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")"

if [ $# -lt 1 ]; then
    sed -n '3s/^# //p' "$0"
    exit 2
fi
targets=$1
[ "$targets" != all ] || targets="network_file expression state script player message midi_bytes midi_file train import pru_text pru_words"

# Coverage instrumentation needs a compiler flag that is not stable yet.
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
target_dir=${CARGO_TARGET_DIR:-../target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --quiet --target "$host" --target-dir "$target_dir"

for target in $targets; do
    mkdir -p "corpus/$target" "artifacts/$target"
    case $target in
    network_file) cp -n seeds/*.json ../assets/networks/sierpinski.json "corpus/$target/" ;;
    state) cp -n seeds/*.json ../assets/networks/sierpinski.json "corpus/$target/" ;;
    script) cp -n ../tests/scripts/*.txt ../assets/scripts/*.txt "corpus/$target/" ;;
    player) cp -n seeds/commands.txt "corpus/$target/" ;;
    message) cp -n seeds/messages.txt "corpus/$target/" ;;
    midi_bytes) cp -n seeds/keys.bin "corpus/$target/" ;;
    train) cp -n seeds/sound.bin "corpus/$target/" ;;
    import) cp -n ../crates/import/tests/data/* "corpus/$target/" ;;
    midi_file) cp -n seeds/keys.mid "corpus/$target/" ;;
    expression)
        sed -n 's/.*"source": "\(.*t.*\)",/\1/p' ../assets/networks/*.json | while read -r expression; do
            printf '%s' "$expression" >"corpus/$target/$(printf '%s' "$expression" | cksum | cut -d' ' -f1)"
        done
        ;;
    pru_text)
        sed -n 's/^[0-9a-f]* //p' ../crates/pru-isa/gnu/words.txt >"corpus/$target/words"
        cp -n ../pru-asm/*.p "corpus/$target/"
        ;;
    esac
    echo "fuzzing $target"
    "$target_dir/$host/release/$target" -artifact_prefix="artifacts/$target/" -verbosity=0 \
        -print_final_stats=1 -max_len=4096 "${@:2}" "corpus/$target" 2>&1 |
        sed '/^INFO/d; /Recommended dictionary/,/End of recommended/d'
done
