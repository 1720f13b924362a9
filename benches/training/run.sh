#!/usr/bin/env bash
# Trains networks to two formulas by difflogic and torchlogix on the CPU, and by Gatebend, each
# for the same processor time on one core. Prints the bits and samples right, and the speed.
# Usage: benches/training/run.sh [--missing]
#   --missing  only lists missing tools; fails if there are none
# SECONDS_EACH is the processor time of each training, 60 unless set. PYTHON_ENVIRONMENT is a
# folder with a virtual environment of Python that is used, or made: PyTorch from the registry
# takes 5 GB.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing() {
    local found=1
    python3 -m venv --help >/dev/null 2>&1 || { echo "python3 with venv is missing" && found=0; }
    return "$found"
}
if [ "${1:-}" = --missing ]; then missing && exit || exit 1; fi
if why=$(missing); then echo "benches/training/run.sh: $why" >&2 && exit 1; fi

seconds=${SECONDS_EACH:-60}
environment=${PYTHON_ENVIRONMENT:-${CARGO_TARGET_DIR:-$PWD/target}/training}
python=$environment/bin/python
if [ ! -x "$python" ]; then
    python3 -m venv "$environment"
fi
if ! "$python" -c 'import torch, torchlogix' 2>/dev/null; then
    "$python" -m pip install --quiet torch==2.15.0 numpy==2.4.6
    "$python" -m pip install --quiet --no-deps torchlogix==0.2.2
fi
# difflogic's wheel is built with CUDA; its Python path needs no more than the source package.
# pip asks the package's setup.py for its name, which wants to know where CUDA would be.
if [ ! -d "$environment/difflogic" ]; then
    CUDA_HOME=/usr "$python" -m pip download --quiet --no-deps --no-build-isolation \
        --no-binary :all: --dest "$environment" difflogic==0.1.0
    tar -xzf "$environment/difflogic-0.1.0.tar.gz" -C "$environment" --strip-components=1 \
        difflogic-0.1.0/difflogic
fi

date +%F
sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1
echo "$seconds seconds of processor time each, one core"
echo
echo "Gatebend"
cargo bench --quiet -p synth --bench gradient -- "$seconds"
echo
echo "| formula | by | live gates | bits right | samples right | million gate-samples a second |"
echo "|---|---|---|---|---|---|"
for song in 14 16; do
    for by in difflogic torchlogix; do
        PYTHONPATH=$environment "$python" benches/training/train.py "$by" "$song" "$seconds"
    done
done
cat <<'END'

A GPU would be faster for these two. difflogic 0.1.0 says of its CUDA kernels that they are
'around 100x faster than python' (difflogic.py, LogicLayer). The four parameters a gate that
torchlogix calls 'light' converge in 8.5 times fewer steps than sixteen on CIFAR-10, with 45 %
less time for a backward pass (Ruettgers et al. 2025, arXiv:2510.03250, figure 1).
END
