"""Fetch the images that agents are built on and name them: `name_agent_base.py NAME=REPOSITORY@sha256:… …`."""

import sys
from typing import Final

import docker
from docker.errors import ImageNotFound

NAMES: Final = ("hivemind-agent-base", "hivemind-agent-base-hermes")
ENGINE: Final = "unix:///var/run/docker.sock"


def main(pairs: list[str]) -> None:
    """The engine compares the digests; an image with another one never gets the name."""
    engine = docker.DockerClient(base_url=ENGINE)
    for pair in pairs:
        name, _, reference = pair.partition("=")
        if name not in NAMES:
            sys.exit(f"error: agents start from {' or '.join(NAMES)}, not from {name!r}")
        try:
            image = engine.images.get(reference)
        except ImageNotFound:
            image = engine.images.pull(reference)
        image.tag(name, "latest")


if __name__ == "__main__":
    main(sys.argv[1:])
