#!/usr/bin/env bash
# Runs every test, from a fresh clone too: brings up what they need, and leaves nothing running.
#   scripts/test.sh [pytest arguments]
#   scripts/test.sh --no-docker [pytest arguments]     leave out, and say so, what needs a Docker engine
#   scripts/test.sh --no-browser [pytest arguments]    leave out, and say so, what needs a Chromium
set -euo pipefail
umask 022
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PATH:/usr/sbin:/sbin"

docker=yes browser=yes
for argument in "$@"; do
    [ "$argument" != --no-docker ] || docker=no
    [ "$argument" != --no-browser ] || browser=no
done
./scripts/venv.sh dev
if [ "$docker" = yes ]; then
    if ! address=$(.venv/bin/python -m hivemind.local docker); then
        echo "error: the tests of the sandbox cannot run; --no-docker leaves them out" >&2
        exit 1
    fi
    export HIVEMIND_DOCKER_HOST="$address" DOCKER_HOST="$address"
    ./agents/base/build.sh
fi
if [ "$browser" = yes ]; then
    if ! chromium=$(.venv/bin/python -m hivemind.local browser); then
        echo "error: the tests of the admin in a browser cannot run; --no-browser leaves them out" >&2
        exit 1
    fi
    export HIVEMIND_TEST_CHROMIUM="$chromium"
fi
# No more than four at once: each has its own Postgres, and the sandbox tests share one engine.
parallel=$(nproc)
exec .venv/bin/python -m pytest --numprocesses "$((parallel < 4 ? parallel : 4))" "$@"
