# find_python prints the path of a CPython 3.12 or newer that really works, or says what to install and returns 1.
# To be sourced by a POSIX shell; reads MITMGATE_PYTHON and VENV, the environment that must not be its own base.

# Only running a candidate tells: shims of version managers exist for versions that are not there. Prints the base
# interpreter, never that of a virtual environment, which may be the one about to be replaced.
_works() {
    "$1" -c '
import os, sys, sysconfig
if sys.version_info < (3, 12):
    sys.exit("is Python %d.%d" % sys.version_info[:2])
if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit("is not a plain CPython")
try:
    import ctypes, ssl, venv
    if sys.argv[1] == "pip":
        import ensurepip
except ImportError as error:
    sys.exit("lacks the module %s" % error.name)
print(os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable))
' "$_installer" 2>&1 </dev/null
}

_candidates() {
    for name in python3.13 python3.12 python3.14 python3 python; do command -v "$name" || true; done
    if [ "$_installer" = uv ]; then uv python find --system --no-python-downloads '>=3.12' 2>/dev/null || true; fi
    for minor in 13 12 14; do
        for versions in "${PYENV_ROOT:-}/versions" "${HOME:-}/.pyenv/versions" \
            "${UV_PYTHON_INSTALL_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/uv/python}" \
            "${ASDF_DATA_DIR:-${HOME:-}/.asdf}/installs/python" \
            "${MISE_DATA_DIR:-${XDG_DATA_HOME:-${HOME:-}/.local/share}/mise}/installs/python"; do
            ls -d "$versions/3.$minor".*/bin/python3 "$versions/cpython-3.$minor".*/bin/python3 2>/dev/null || true
        done
        for folder in /opt/homebrew/bin /usr/local/bin /opt/local/bin /usr/bin; do echo "$folder/python3.$minor"; done
    done
    echo /usr/local/bin/python3
    # On a Mac without the developer tools this one is a stub that opens an installer's window.
    if [ "$(uname)" != Darwin ] || xcode-select -p >/dev/null 2>&1; then echo /usr/bin/python3; fi
}

find_python() {
    _installer=pip
    case $(command -v uv || true) in
    '' | "$VENV"/*) ;;
    *) if uv --version >/dev/null 2>&1; then _installer=uv; fi ;;
    esac
    if [ -n "${MITMGATE_PYTHON:-}" ]; then # an order: no other is tried
        if _said=$(_works "$MITMGATE_PYTHON"); then
            echo "$_said"
            return
        fi
        echo "mitmgate: MITMGATE_PYTHON=$MITMGATE_PYTHON cannot be used ($(echo "$_said" | tail -n 1))" >&2
        return 1
    fi
    _refused=
    while IFS= read -r _python; do
        [ -x "$_python" ] || continue
        if _said=$(_works "$_python"); then
            echo "$_said"
            return
        fi
        _refused="$_refused
  $_python $(echo "$_said" | tail -n 1)"
    done <<LIST
$(_candidates | awk '!seen[$0]++')
LIST
    cat >&2 <<END
mitmgate: needs CPython 3.12 or newer with its venv module, and found none. Tried:${_refused:- nothing is there}
Install one, or name one with MITMGATE_PYTHON=/path/to/python3:
  Debian 13, Ubuntu 24.04   apt install python3 python3-venv
  Fedora, RHEL 9            dnf install python3.12
  macOS                     brew install python@3.13
  anywhere                  uv python install 3.13   (https://docs.astral.sh/uv)
END
    return 1
}
