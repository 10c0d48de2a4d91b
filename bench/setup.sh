#!/usr/bin/env bash
# Installs the Python peers of the benches into .venv beside the repository's package.json; again is quick and harmless.
# Needs Python 3.11 or later (PYTHON names one). Nothing is installed outside the environment, Java included.
# Where pip would take PyTorch's CUDA build (2 GB more), set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${FIELDTRIAL_BENCH_VENV:-.venv}

if [ ! -x "$venv/bin/python" ]; then
  python=${PYTHON:-$(command -v python3.11 || command -v python3 || true)}
  [ -n "$python" ] || { echo "bench/setup.sh: no Python found; install Python 3.11 or set PYTHON" >&2; exit 1; }
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "bench/setup.sh: $("$python" --version) is too old; Python 3.11 or later is needed (set PYTHON)" >&2; exit 1; }
  "$python" -m venv "$venv"
fi

# torch first: what follows then keeps this build instead of looking for another.
torch=$(grep '^torch==' bench/requirements.txt)
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "$torch"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt

log=$(mktemp)
trap 'rm -f "$log"' EXIT
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" bench/peers/check.py 2>"$log" || { cat "$log" >&2; exit 1; }
