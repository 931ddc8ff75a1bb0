"""Build contexts for tests."""

import io
import tarfile


def pack(files: dict[str, str | bytes], *, mode: str = "w", file_mode: int = 0o755) -> bytes:
    """A tar archive of ``files``; ``mode`` "w:gz" compresses it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for path, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(raw), file_mode
            tar.addfile(entry, io.BytesIO(raw))
    return buffer.getvalue()


def with_link(path: str, target: str, *, kind: bytes = tarfile.SYMTYPE) -> bytes:
    """A context that holds a link."""
    buffer = io.BytesIO(pack({"Dockerfile": "FROM a\n"}))
    with tarfile.open(fileobj=buffer, mode="a") as tar:
        entry = tarfile.TarInfo(path)
        entry.type, entry.linkname = kind, target
        tar.addfile(entry)
    return buffer.getvalue()
