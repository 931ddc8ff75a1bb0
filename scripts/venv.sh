#!/usr/bin/env bash
# Makes .venv from a hash-pinned lock (server or dev) and installs this checkout into it.
# Does nothing when what is there already came from the same lock; dev contains all of server.
set -euo pipefail
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."

want=${1:-server}
stamp=.venv/.installed-from
began=$SECONDS

say() { printf '[%3d s] %s\n' "$((SECONDS - began))" "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

fingerprint() { cat "requirements/$1.lock" pyproject.toml | sha256sum | cut -c1-64; }

up_to_date() {
    [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || return 1
    local installed
    installed=$(cat "$stamp" 2>/dev/null) || return 1
    [ "$installed" = "$PWD $(fingerprint "$want")" ] || [ "$installed" = "$PWD $(fingerprint dev)" ]
}

# The embedded Redis comes as a wheel for 3.11 and 3.12, so these are tried first.
find_python() {
    local name
    for name in python3.12 python3.11 python3 python3.13 python3.14; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

install_python() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        fail "Python 3.11 or newer with its venv module is missing. On Debian or Ubuntu: sudo apt-get install python3-venv"
    say "installing python3-venv and ca-certificates with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    local options=(-q -o DPkg::Lock::Timeout=120)
    { apt-get "${options[@]}" update && apt-get "${options[@]}" install -y --no-install-recommends \
        python3 python3-venv ca-certificates; } >/tmp/hivemind-apt.$$ 2>&1 </dev/null || {
        tail -n 15 "/tmp/hivemind-apt.$$" >&2
        fail "apt-get could not install python3-venv"
    }
    rm -f "/tmp/hivemind-apt.$$"
}

if up_to_date; then
    exit 0
fi
[ "$(uname -s)" = Linux ] || fail "Hivemind's server runs on Linux; the client alone installs anywhere: pip install ."
python=$(find_python) || { install_python; python=$(find_python) || fail "this system's Python is older than 3.11"; }
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
say "installing $(grep -c '^[a-z]' "requirements/$want.lock") pinned packages from requirements/$want.lock"
pip=(.venv/bin/python -m pip --quiet --disable-pip-version-check --no-input install)
"${pip[@]}" --require-hashes --no-deps --requirement "requirements/$want.lock"
"${pip[@]}" --no-deps --no-build-isolation --editable .
printf '%s' "$PWD $(fingerprint "$want")" >"$stamp"
say "packages installed"
