#!/usr/bin/env bash
# Brings up a whole Hivemind on this machine and plays a first room on it. Safe to repeat; asks nothing.
#   scripts/quickstart.sh              start what is not running, then play the demo
#   scripts/quickstart.sh --no-demo    start only
# HIVEMIND_PORT, HIVEMIND_DATABASE_URL and the other settings may come from the environment or from .env.
set -euo pipefail
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./scripts/venv.sh server
exec .venv/bin/python -m hivemind.local.quickstart "$@"
