#!/bin/sh
# Makes what a fresh machine lacks, then becomes the gateway, so that this process's pid is the supervisor's.
#
#     ./run.sh [ARGS]               gatewayctl serve ARGS
#     ./run.sh test [PYTEST ARGS]   the tests
#
# MITMGATE_PYTHON=/path/to/python3 orders an interpreter; otherwise the first that really works is taken.
set -eu

self=$0
while [ -L "$self" ]; do
    link=$(readlink "$self")
    case $link in /*) self=$link ;; *) self=$(dirname -- "$self")/$link ;; esac
done
ROOT=$(CDPATH='' cd -- "$(dirname -- "$self")" && pwd -P)
VENV=$ROOT/.venv

# The caller's Python settings are for the caller's Python. Without bytecode every start would import for seconds.
unset PYTHONDONTWRITEBYTECODE PYTHONEXECUTABLE PYTHONHOME PYTHONOPTIMIZE PYTHONPATH PYTHONPLATLIBDIR PYTHONSTARTUP \
    PYTHONUSERBASE VIRTUAL_ENV __PYVENV_LAUNCHER__

purpose=serve
if [ "${1:-}" = test ]; then
    purpose=test
    shift
fi

. "$ROOT/scripts/find-python.sh"
python=
if [ -n "${MITMGATE_PYTHON:-}" ]; then python=$(find_python); fi
if ! "$VENV/bin/python" -I -S "$ROOT/scripts/environment.py" --check "$purpose" "$python" 2>/dev/null; then
    if [ -z "$python" ]; then python=$(find_python); fi
    "$python" -I "$ROOT/scripts/environment.py" "$purpose"
fi

# -P: a file of the caller's folder must not pass for a module. No cd: relative paths in ARGS are the caller's.
if [ "$purpose" = test ]; then
    if [ "$(pwd -P)" != "$ROOT" ]; then # where pytest would collect the caller's folder, unless told a path
        named=
        for argument; do if [ -e "${argument%%::*}" ]; then named=yes; fi; done
        if [ -z "$named" ]; then set -- "$@" "$ROOT/tests"; fi
    fi
    exec "$VENV/bin/python" -P -m pytest --rootdir "$ROOT" --config-file "$ROOT/pyproject.toml" "$@"
fi
exec "$VENV/bin/python" -P -m gatewayctl serve "$@"
