"""The base image that is on this machine, and agents of the examples in it."""

from __future__ import annotations

import docker
import pytest

BASE = "hivemind-agent-base:latest"


def labels() -> dict[str, str]:
    """The labels of the base image."""
    return dict(docker.APIClient(version="auto").inspect_image(BASE)["Config"]["Labels"] or {})


@pytest.fixture
def vendor() -> None:
    """Skips where the image was made without the packages of vendor.lock."""
    left_out = labels().get("com.hivemind.agentbase.left-out", "all but Debian's packages")
    if left_out:
        pytest.skip(f"the base image was made without {left_out}")
