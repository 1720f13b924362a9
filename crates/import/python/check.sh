#!/usr/bin/env bash
# Makes models with the real difflogic and torchlogix, and checks that they are imported with the
# outputs that they give there.
# Usage: crates/import/python/check.sh [--keep]
#   --keep  also replaces the models in crates/import/tests/data, but not those of difflogic-iwp,
#           which is in no registry
# Needs Python 3.12 or newer, for torchlogix, and 6 GB in ~/.cache/gatebend/python, where PyTorch
# is installed once.
set -euo pipefail
cd "$(dirname "$0")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/gatebend/python
if [ ! -f "$cache/installed" ]; then
    for python in python3.13 python3.12 python3 ~/.pyenv/versions/*/bin/python3; do
        ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null || break
        python=
    done
    [ -n "$python" ] || {
        echo "check.sh: Python 3.12 or newer is not installed; torchlogix needs it" >&2
        exit 1
    }
    rm -rf "$cache"
    "$python" -m venv "$cache"
    "$cache/bin/pip" install --quiet --disable-pip-version-check \
        torch torchlogix safetensors numpy setuptools
    # Its kernels need CUDA's compiler, but are not used here: the package's own files will do.
    (
        cd "$cache"
        CUDA_HOME=/usr bin/pip download --quiet --disable-pip-version-check --no-deps \
            --no-build-isolation difflogic==0.1.0
        tar -xf difflogic-0.1.0.tar.gz
    )
    touch "$cache/installed"
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$cache/bin/python" make.py "$made" "$cache/difflogic-0.1.0"
IMPORT_DATA=$made cargo test --quiet -p gatebend-import --test models
if [ "${1:-}" = --keep ]; then
    grep '^difflogic-iwp' ../tests/data/answers.txt >>"$made/answers.txt"
    cp "$made"/* ../tests/data/
fi
