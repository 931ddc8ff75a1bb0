#!/usr/bin/env bash
# Resolves the dependencies of pyproject.toml anew into requirements/server.lock and requirements/dev.lock, and what the
# agents' base images have to hold into agents/base/vendor.lock and agents/base-hermes/vendor.lock.
#   scripts/lock.sh              keep the versions that still fit
#   scripts/lock.sh --upgrade    take the newest ones
# Needs uv: https://docs.astral.sh/uv/
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v uv >/dev/null || { echo "error: uv is missing; see https://docs.astral.sh/uv/" >&2; exit 1; }

common=(uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url
    --no-header --no-annotate "$@" --extra server)
"${common[@]}" pyproject.toml requirements/build.in --output-file requirements/server.lock
"${common[@]}" --group dev --constraint requirements/server.lock pyproject.toml requirements/build.in \
    --output-file requirements/dev.lock

# For every Python that the image may have, and whichever Python installs it: markers would be those of the latter.
for image in base base-hermes; do
    uv pip compile --quiet --python-version 3.11 --python-platform x86_64-unknown-linux-gnu --only-binary :all: \
        --generate-hashes --no-emit-index-url --no-header --no-annotate "$@" "agents/$image/vendor.in" \
        --output-file "agents/$image/vendor.lock"
done

# A lock must work with whatever index its user has configured.
if grep -n '://' requirements/*.lock agents/base*/vendor.lock; then
    echo "error: a lock names a URL" >&2
    exit 1
fi
