"""A worker that never locks itself up, or talks nonsense: what the trusted side must bear."""

import os

from runner.scopefn import frames


def main() -> None:
    """Answer the first frame as a worker that could not lock itself up would."""
    frames.read_frame(0)
    frames.write_frame(1, frames.UNLOCKED + b"no seccomp here")


def chatter() -> None:
    """Say ready, then send the bytes of the first call back as they are, without a frame."""
    frames.read_frame(0)
    frames.write_frame(1, frames.READY)
    os.write(1, frames.read_frame(0)[1:])
    frames.read_frame(0)
