"""Makes a Python client take the harness's hardware maker for the real one. Only ever on a test's path."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attestation.evidence.roots import DevelopmentRoot, IntelRoot


def replace_maker(der: bytes) -> dict[str, object]:
    """From now on this root (a certificate, DER) is the hardware maker's in this process; returns what was before."""
    point = DevelopmentRoot(der).public_point
    return set_maker({"public_point": property(lambda self: point), "der": property(lambda self: der)})


def set_maker(members: dict[str, object]) -> dict[str, object]:
    """Puts these in the place of the maker's root; returns what was before."""
    before = {name: vars(IntelRoot)[name] for name in members}
    for name, value in members.items():
        setattr(IntelRoot, name, value)
    return before


@contextmanager
def stand_in(der: bytes) -> Iterator[None]:
    """The same within a block."""
    before = replace_maker(der)
    try:
        yield
    finally:
        set_maker(before)


if "CONFORMANCE_MAKER_ROOT" in os.environ:
    replace_maker(Path(os.environ["CONFORMANCE_MAKER_ROOT"]).read_bytes())
