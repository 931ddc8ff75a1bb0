"""Fetch the image that agents are built on and give it its name: `name_agent_base.py REPOSITORY@sha256:…`."""

import sys
from typing import Final

import docker
from docker.errors import ImageNotFound

NAME: Final = "hivemind-agent-base"


def main(reference: str) -> None:
    """The engine compares the digest; an image with another one never gets the name."""
    engine = docker.DockerClient(base_url="unix:///var/run/docker.sock")
    try:
        image = engine.images.get(reference)
    except ImageNotFound:
        image = engine.images.pull(reference)
    image.tag(NAME, "latest")


if __name__ == "__main__":
    main(sys.argv[1])
