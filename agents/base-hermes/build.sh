#!/usr/bin/env bash
# Makes hivemind-agent-base-hermes:latest: the base image, Hermes Agent, and the plugin that gives Hermes a stage's tools.
#
#   agents/base-hermes/build.sh            make it unless it is there already
#   agents/base-hermes/build.sh --force    make it again
#
# `agents/base/build.sh` calls it for the image that it has made. Hermes Agent comes from the wheels of vendor.lock; when
# they cannot be had or do not work there, or with AGENT_BASE_VENDOR=no, the image is the base image under a second name,
# and says so in a label. With HIVEMIND_AGENT_BASE_HERMES_IMAGE the name is given to that image instead.
# AGENT_BASE_TAG names the base image, AGENT_BASE_HERMES_TAG the result.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
base="${AGENT_BASE_TAG:-hivemind-agent-base:latest}"
tag="${AGENT_BASE_HERMES_TAG:-hivemind-agent-base-hermes:latest}"
published="${HIVEMIND_AGENT_BASE_HERMES_IMAGE:-}"
vendor="${AGENT_BASE_VENDOR:-yes}"
hash_label="com.hivemind.agentbase-hermes.recipe-hash"
left_out_label="com.hivemind.agentbase-hermes.left-out"
candidate="hivemind-agent-base-hermes-candidate:$$"
context=$(mktemp -d)
began=$SECONDS

say() { printf '[%3ds] %s\n' "$((SECONDS - began))" "$*"; }
fail() { say "error: $*" >&2; exit 1; }
clean_up() {
    rm -rf "$context"
    docker rmi "$candidate" >/dev/null 2>&1 || true
}
trap clean_up EXIT

label_of() { docker image inspect --format "{{index .Config.Labels \"$1\"}}" "$tag" 2>/dev/null || true; }

recipe_hash() {
    { docker image inspect --format '{{.Id}}' "$base"
      printf '%s\0' "$vendor"
      find "$here" -type f -not -path '*/__pycache__/*' -not -name README.md -printf '%P\n' | LC_ALL=C sort | while read -r path; do
          printf '%s\0' "$path"; cat "$here/$path"
      done
    } | sha256sum | cut -c1-16
}

# A Python whose pip fetches wheels from wherever this machine gets its own.
find_pip() {
    local python
    for python in "$here/../../.venv/bin/python" python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then echo "$python"; return; fi
    done
    return 1
}

fetch_hermes() {
    local python version
    python=$(find_pip) || return 1
    version=$(docker run --rm --network none --entrypoint python3 "$base" -c \
        'import sys; print("%d.%d" % sys.version_info[:2])') || return 1
    "$python" -m pip install --quiet --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
        --target "$context/hermes" --python-version "$version" --only-binary=:all: --no-compile \
        --require-hashes --no-deps -r "$here/vendor.lock" || return 1
    rm -rf "$context/hermes/bin"  # starters that name this machine's Python
    cp -r "$here/Dockerfile" "$here/hermes.pth" "$here/hermes-command" "$here/plugins" "$context/"
    cp -r "$here/../sdk/hivemind_agent" "$context/plugins/hivemind/sdk"
    find "$context/plugins" -depth -type d -name __pycache__ -exec rm -rf {} +
}

build() {
    docker build --quiet --network none --build-arg "BASE=$base" --tag "$candidate" \
        --label "$hash_label=$hash" --label "$left_out_label=$1" "$2" >/dev/null
}

works() {
    docker run --rm --network none --read-only --tmpfs /tmp:uid=1000 "$candidate" \
        python3 -c 'import run_agent; assert run_agent.AIAgent' >/dev/null
}

give_to_published() {
    docker image inspect "$published" >/dev/null 2>&1 || docker pull --quiet "$published" >/dev/null ||
        fail "$published cannot be had"
    docker tag "$published" "$tag"
    say "$tag is $published"
}

if [ -n "$published" ]; then give_to_published; exit 0; fi
docker image inspect "$base" >/dev/null 2>&1 || fail "there is no $base; run agents/base/build.sh"
hash=$(recipe_hash)
if [ "${1:-}" != --force ] && [ "$(label_of "$hash_label")" = "$hash" ]; then
    missing=$(label_of "$left_out_label")
    say "$tag is up to date ($hash)${missing:+, without $missing; --force tries again}"
    exit 0
fi
if [ "$vendor" = no ] || ! fetch_hermes || ! build "" "$context" || ! works; then
    mkdir "$context/plain" && printf 'ARG BASE\nFROM ${BASE}\n' > "$context/plain/Dockerfile"
    build hermes-agent "$context/plain"
    say "made without Hermes Agent"
fi
before=$(docker image inspect --format '{{.Id}}' "$tag" 2>/dev/null || true)
docker tag "$candidate" "$tag"
[ -z "$before" ] || docker rmi "$before" >/dev/null 2>&1 || true
say "made $tag ($hash)"
