#!/usr/bin/env bash
# Builds GNU's PRU assembler and simulator from Debian's source packages, for the
# comparison in tests/gnu.rs.
# Usage: crates/pru-isa/gnu/build.sh
# Needs Debian with gcc, make, xz and access to its packages; takes two to five minutes on
# two cores. The tools are stored in ~/.cache/gatebend/gnu-pru and built only once.
set -euo pipefail

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/gnu-pru
if [ -x "$cache/pru-elf-as" ] && [ -x "$cache/pru-elf-run" ]; then
    echo "already built: $cache"
    exit
fi
for tool in apt-get dpkg gcc make xz; do
    command -v "$tool" >/dev/null || {
        echo "build.sh: $tool is not installed; this needs Debian with gcc, make and xz-utils" >&2
        exit 1
    }
done
mkdir -p "$cache"
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# Unpacks Debian's packages here instead of installing them, so that root is not needed.
apt-get download -q binutils-source gdb-source
for package in *.deb; do dpkg -x "$package" packages; done

build() { # archive target built-file name configure-options...
    local archive=$1 target=$2 file=$3 name=$4
    shift 4
    mkdir "$name"
    tar -xf "$archive" -C "$name" --strip-components=1
    (
        cd "$name"
        ./configure --target=pru-elf --disable-nls --disable-gdb --disable-gprofng \
            --disable-gprof --disable-werror --without-zstd "$@" MAKEINFO=true CFLAGS="-O1 -g0"
        make -j "$(nproc)" MAKEINFO=true "$target"
    ) >"$cache/$name.log" 2>&1 || {
        echo "build.sh: $name could not be built; the last lines of $cache/$name.log:" >&2
        tail -n 20 "$cache/$name.log" >&2
        exit 1
    }
    cp "$name/$file" "$cache/$name.new"
    mv "$cache/$name.new" "$cache/$name"
    rm -rf "$name"
}

build packages/usr/src/binutils/binutils-*.tar.xz all-gas gas/as-new pru-elf-as
build packages/usr/src/gdb.tar.xz all-sim sim/pru/run pru-elf-run \
    --disable-gdbserver --enable-sim
echo "built: $cache"
