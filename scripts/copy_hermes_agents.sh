#!/usr/bin/env bash
# Copies the code of the default agents into their namesakes on the second base image.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../agents"
for role in scope query mediator; do
    from="default-$role" to="default-$role-hermes"
    find "$to" -type f ! -name README.md -delete
    find "$from" -maxdepth 1 -type f ! -name README.md -exec cp {} "$to/" \;
    sed -i '1s/^FROM hivemind-agent-base:/FROM hivemind-agent-base-hermes:/' "$to/Dockerfile"
done
