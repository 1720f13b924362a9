#!/usr/bin/env bash
# Runs the tests.  Usage: ./test.sh [quick] [--install] [--scheduled]
#   quick        only what a change to the core needs
#   --install    install what the full tests need on a bare Debian with Rust (root
#                and network), then run everything; without it, runs what it can
#                and names what it skipped
#   --scheduled  also what takes long and seldom finds anything: GNU's PRU tools from
#                source, whose answers are kept; a board's program, Pd and the tests
#                for other processors; the tests' code with the oldest Rust
set -euo pipefail
cd "$(dirname "$0")"

quick=false install=false scheduled=false
for argument in "$@"; do
    case $argument in
    quick) quick=true ;;
    --install) install=true ;;
    --scheduled) scheduled=true ;;
    -h | --help) sed -n '2,9s/^# //p' "$0" && exit ;;
    *) echo "test.sh: unknown argument $argument; see ./test.sh --help" >&2 && exit 2 ;;
    esac
done

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend
oldest=1.85.0
oldest_rust=$cache/rust-$oldest
skipped=()

step() { # what command...
    local started=$SECONDS
    printf '\n== %s\n' "$1"
    "${@:2}"
    printf '== %s: passed in %s s\n' "$1" $((SECONDS - started))
}

skip() { # what why
    skipped+=("$1: $2")
    printf '\n== %s: skipped, %s\n' "$1" "$2"
}

# Debian's packaged Rust 1.85, unpacked next to the system's own, to check the
# oldest version that is promised, and with its source a target without std.
install_oldest_rust() {
    [ -x "$oldest_rust/rustc" ] && return
    local version unpack
    version=$(apt-cache madison rustc-web | grep -o '1\.85[^ ]*' | head -n 1)
    [ -n "$version" ] || return 0
    unpack=$(mktemp -d)
    (
        cd "$unpack"
        apt-get download -q "rustc-web=$version" "libstd-rust-web-1.85=$version" \
            "libstd-rust-web-dev=$version" "rust-web-src=$version"
        for package in *.deb; do dpkg -x "$package" tree; done
    ) || return 0
    mkdir -p "$cache"
    rm -rf "$oldest_rust"
    mv "$unpack/tree" "$oldest_rust"
    rm -rf "$unpack"
    # Its libraries are not where the system looks for them.
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' \
        "$oldest_rust/usr/lib/x86_64-linux-gnu" "$oldest_rust/usr/bin/rustc" >"$oldest_rust/rustc"
    chmod +x "$oldest_rust/rustc"
}

if $install; then
    apt-get update -q || true # one index out of step does not stop the others
    # JACK's package would ask about priorities.
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        g++ shellcheck berkeley-abc libllvm19 graphviz libasound2-dev pkg-config make xz-utils \
        chromium nodejs \
        puredata-core puredata-dev supercollider-server supercollider-language \
        supercollider-dev jackd2 csound libcsound64-dev faust valgrind cmake espeak-ng
    # If rustup lacks the target, Debian's Rust builds std for it and needs a linker.
    rustup target add wasm32-unknown-unknown 2>/dev/null ||
        apt-get install -q -y --no-install-recommends lld-19 || true
    install_oldest_rust || true
    ! $scheduled || crates/pru-isa/gnu/build.sh || true
    tests/arm.sh --install || true
    rustup component add rustfmt clippy 2>/dev/null || true
fi

if cargo fmt --version >/dev/null 2>&1; then
    step "format" cargo fmt --all --check
else
    skip "format" "cargo fmt is not installed"
fi

# Fails if a tracked file has a line that begins with a merge's conflict marker.
conflict_markers() {
    ! git grep -nE '^(<{7}|>{7}|\|{7})( |$)|^={7}$' -- .
}
if git rev-parse --git-dir >/dev/null 2>&1; then
    step "no conflict markers" conflict_markers
else
    skip "conflict markers" "not a git checkout"
fi

if $quick; then
    step "core tests" cargo test --quiet -p logicnet -p bytebeat -p gatebend-engine -p gatebend-instrument
else
    if cargo clippy --version >/dev/null 2>&1; then
        step "lint" cargo clippy --quiet --workspace --all-targets -- --deny warnings
    else
        skip "lint" "cargo clippy is not installed"
    fi

    if pkg-config --exists alsa 2>/dev/null && cargo clippy --version >/dev/null 2>&1; then
        step "lint, with sound card" cargo clippy --quiet --features sound-card --all-targets \
            -- --deny warnings
    else
        skip "the sound card's code" "ALSA's headers (libasound2-dev, pkg-config) or clippy are not installed"
    fi

    # Those in the hosts follow below.
    step "tests" cargo test --workspace --exclude gatebend-hosts
    command -v cc >/dev/null || skip "exported C against the oracle, and Bela's double" "no C compiler (cc)"
    command -v faust >/dev/null || skip "exported Faust against the oracle" "faust is not installed"
    if [ ! -x "$cache/gnu-pru/pru-elf-as" ] || [ ! -x "$cache/gnu-pru/pru-elf-run" ]; then
        skip "PRU against GNU's tools, beyond the kept answers" "crates/pru-isa/gnu/build.sh builds them"
    fi
    command -v berkeley-abc >/dev/null || skip "sizes against ABC" "berkeley-abc is not installed"
    step "documentation" env RUSTDOCFLAGS="--deny warnings" cargo doc --quiet --workspace --no-deps

    pictures() {
        local picture network
        picture=$(mktemp)
        for network in sierpinski forty-two pebbles storm; do
            cargo run --quiet -- export "assets/networks/$network.json" --to dot -o "$picture"
            dot -Tsvg -o /dev/null "$picture"
        done
        rm "$picture"
    }
    if command -v dot >/dev/null; then
        step "pictures drawn by Graphviz" pictures
    else
        skip "pictures drawn by Graphviz" "dot is not installed"
    fi

    step "benches build" cargo build --quiet --release --bench speed
    # Simulated time: the same figures everywhere, with bounds that it keeps to.
    step "latency, simulated" cargo bench --quiet --bench latency

    if [ -x "$oldest_rust/rustc" ]; then
        oldest_check() {
            local rustc=$oldest_rust/rustc
            "$rustc" --version
            local targets=()
            ! $scheduled || targets=(--all-targets)
            RUSTC=$rustc cargo check --quiet --workspace "${targets[@]}" \
                --target-dir "${CARGO_TARGET_DIR:-target}/oldest"
        }
        step "oldest Rust ($oldest)" oldest_check
        no_std_check() {
            RUSTC=$oldest_rust/rustc RUSTC_BOOTSTRAP=1 \
                cargo check --quiet -p logicnet -p bytebeat -p trill -p pru-isa -p pru-codegen \
                --target wasm32-unknown-unknown \
                -Zbuild-std=core,alloc --target-dir "${CARGO_TARGET_DIR:-target}/oldest"
        }
        step "without std (wasm32)" no_std_check
    else
        skip "oldest Rust ($oldest) and without std" "not there; --install fetches it on Debian 12"
    fi

    # Stops at any system call, lock or allocation within a callback.
    realtime_check() {
        RUSTFLAGS="-Zsanitizer=realtime --cfg rtsan" cargo +nightly run --quiet \
            --target x86_64-unknown-linux-gnu --target-dir "${CARGO_TARGET_DIR:-target}/rtsan" \
            -- play --fast --script tests/scripts/everything.txt
        # Networks that hear, notes and two channels.
        RUSTFLAGS="-Zsanitizer=realtime --cfg rtsan" cargo +nightly test --quiet \
            --target x86_64-unknown-linux-gnu --target-dir "${CARGO_TARGET_DIR:-target}/rtsan" \
            -p gatebend-engine -p gatebend-player --test listening --test clocks --test player
    }
    if [ "$(uname -m)" = x86_64 ] && cargo +nightly --version >/dev/null 2>&1; then
        step "RealtimeSanitizer" realtime_check
    else
        skip "RealtimeSanitizer" "it needs a nightly Rust on x86_64"
    fi

    # Unsafe code, and the rings between threads.
    miri() {
        cargo +nightly miri test --quiet -p logicnet --test miri
        cargo +nightly miri test --quiet -p gatebend-engine --test handover
    }
    if cargo +nightly miri --version >/dev/null 2>&1; then
        step "Miri" miri
    else
        skip "Miri" "it needs a nightly Rust with the component miri"
    fi

    # Every order in which two threads can meet where they share more than a ring.
    step "loom" env RUSTFLAGS="--cfg loom" cargo test --quiet --release -p loom-models \
        --target-dir "${CARGO_TARGET_DIR:-target}/loom"

    if command -v c++ >/dev/null; then
        step "fuzzing, bounded" fuzz/run.sh all -runs=10000 -seed=1
    else
        skip "fuzzing" "no C++ compiler (c++)"
    fi

    for part in binary sound cost board gem; do
        if ! $scheduled && [[ $part == board || $part == gem ]]; then
            skip "ARM, $part" "--scheduled runs it"
        elif why=$(tests/arm.sh $part --missing); then
            skip "ARM, $part" "$why"
        else
            step "ARM, $part" tests/arm.sh $part
        fi
    done

    if ! $scheduled; then
        skip "import, against the packages of Python" "--scheduled runs it; their answers are kept"
    elif ! command -v python3.12 >/dev/null; then
        skip "import, against the packages of Python" "Python 3.12 is not installed"
    else
        step "import, against the packages of Python" crates/import/python/check.sh
    fi

    node=$(node --version 2>/dev/null | sed 's/^v//;s/[.].*//')
    if why=$(web/build.sh --missing); then
        skip "the instrument in WebAssembly" "$why"
    else
        step "the instrument in WebAssembly" web/build.sh
    fi
    # With the page in it, and what was built just now.
    step "the program, to compare with" cargo build --quiet --release --bin gatebend
    export GATEBEND=${CARGO_TARGET_DIR:-target}/release/gatebend
    for host in capi pd supercollider csound faust; do
        if why=$(hosts/test.sh $host --missing); then
            skip "Gatebend in $host" "$why"
        else
            step "Gatebend in $host" hosts/test.sh $host
        fi
    done
    if ! $scheduled; then
        skip "Gatebend in pd, on ARM" "--scheduled runs it"
    elif why=$(hosts/pd/arm.sh --missing); then
        skip "Gatebend in pd, on ARM" "$why"
    else
        step "Gatebend in pd, on ARM" hosts/pd/arm.sh
    fi
    if [ ! -f web/gatebend.wasm ] || [ "${node:-0}" -lt 18 ]; then
        skip "WebAssembly against the program" "no web/gatebend.wasm, or no Node 18 (node)"
    else
        step "WebAssembly against the program" \
            node --test web/test/standalone.test.mjs web/test/worklet.test.mjs
    fi

    # With its tools only when they may be fetched, or were.
    if $install && command -v npm >/dev/null; then
        step "the page" web/check.sh --install
    else
        step "the page" web/check.sh
    fi
    if [ "${node:-0}" -lt 20 ]; then
        skip "the page, in Chromium" "Node 20 (node) is not installed"
    elif why=$(node web/test/e2e/missing.mjs); then
        skip "the page, in Chromium" "$why"
    else
        step "the page, in Chromium" node --test web/test/e2e/*.test.mjs
    fi

    step "deployment, to a fake board" tests/deploy.sh

    if command -v shellcheck >/dev/null; then
        step "scripts" shellcheck -x play.sh test.sh cross.sh deploy.sh deploy/run.sh deploy/board.sh \
            tests/arm.sh tests/deploy.sh benches/arm/run.sh benches/hosts/run.sh benches/training/run.sh crates/import/python/check.sh .ci/run .ci/scheduled assets/networks/make.sh fuzz/run.sh \
            crates/pru-isa/gnu/build.sh web/build.sh web/bundle.sh web/check.sh hosts/*.sh hosts/*/*.sh
    else
        skip "scripts" "shellcheck is not installed"
    fi
fi

printf '\n'
if [ ${#skipped[@]} -gt 0 ]; then
    printf 'skipped: %s\n' "${skipped[@]}"
fi
echo "All tests that ran have passed."
