#!/bin/sh
# Run by mmdebstrap on the new root before it is packed, on behalf of build.sh, which sets
# HERE, SDK, PIP (a Python whose pip can be used; empty for no vendor parts) and LEFT_OUT (a file for what cannot be had).
set -eu
root=$1
version=$(chroot "$root" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
packages="/usr/local/lib/python$version/dist-packages"

add_user() {
    echo 'agent:x:1000:1000::/home/agent:/bin/sh' >> "$root/etc/passwd"
    echo 'agent:x:1000:' >> "$root/etc/group"
    mkdir -p "$root/app" "$root/home/agent"
    chown 1000:1000 "$root/app" "$root/home/agent"
}

add_sdk() {
    ln -s python3 "$root/usr/bin/python"
    cp -r "$SDK" "$root/usr/lib/python3/dist-packages/hivemind_agent"
    find "$root/usr/lib/python3/dist-packages/hivemind_agent" -depth -type d -name __pycache__ -exec rm -rf {} +
    chroot "$root" python3 -m compileall -q /usr/lib/python3/dist-packages/hivemind_agent
}

# The machine's own pip with its own index; nothing of its set-up gets into the image.
install_vendor() {
    "$PIP" -m pip install --quiet --quiet --disable-pip-version-check --no-input --root-user-action=ignore \
        --target "$root$packages" --python-version "$version" --only-binary=:all: --no-compile \
        --require-hashes --no-deps -r "$HERE/vendor.lock"
}

add_vendor() {
    if ! install_vendor; then
        rm -rf "${root:?}$packages"
        echo "the packages of vendor.lock" >> "$LEFT_OUT"
        return 0
    fi
    rm -rf "$root$packages/bin"  # starters that name this machine's Python
    chroot "$root" python3 -m compileall -q -j 2 "$packages"
    ln -s "../lib/python$version/dist-packages/claude_agent_sdk/_bundled/claude" "$root/usr/local/bin/claude"
}

add_user
add_sdk
[ -z "$PIP" ] || add_vendor
# Steps of a recipe run as the agent, and its home is not the image's when it runs: pip has to install here.
mkdir -p "$root$packages"
rm -f "$root/usr/lib/python$version/EXTERNALLY-MANAGED"
chown -R 1000:1000 "$root/usr/local"
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/*
