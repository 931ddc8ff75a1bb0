"""Packing stored files into a build context, deterministically."""

import io
import tarfile
from collections.abc import Iterable

from attestation.digests import SourceFile


def pack(files: Iterable[SourceFile]) -> bytes:
    """A plain tar with the files' bytes and modes, nobody's names and a fixed time, so equal sources pack equally."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for file in sorted(files, key=lambda f: f.path):
            member = tarfile.TarInfo(file.path)
            member.size, member.mode = len(file.content), file.mode
            tar.addfile(member, io.BytesIO(file.content))
    return buffer.getvalue()
