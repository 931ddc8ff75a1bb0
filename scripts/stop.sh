#!/usr/bin/env bash
# Stops everything of this checkout. Data stays in var/; scripts/quickstart.sh starts it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ ! -x .venv/bin/python ]; then
    echo "nothing was running"
    exit 0
fi
exec .venv/bin/python -m hivemind.local down
