"""Packages as no honest client packs them, by what they are after: raw bytes, made without a packer's good manners."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Final

MIB: Final = 1024 * 1024
DOCKERFILE: Final = b"FROM hivemind-agent-base\n"
Member = tuple[tarfile.TarInfo, bytes]


def entry(
    name: str, content: bytes = b"x", *, kind: bytes = tarfile.REGTYPE, target: str = "", **fields: object
) -> Member:
    """One member, with any fields."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.size = kind, target, len(content)
    for field, value in fields.items():
        setattr(member, field, value)
    return member, content


def packed(*members: Member, form: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive of a Dockerfile and these."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for member, content in (entry("Dockerfile", DOCKERFILE), *members):
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def raw(
    name: bytes, *, kind: bytes = b"0", size: bytes = b"00000000001\0", link: bytes = b"", content: bytes = b"x"
) -> bytes:
    """A header whose fields nobody has looked at, with a checksum that fits, and its content."""
    header = bytearray(512)
    header[0 : len(name)] = name
    header[100:108], header[108:116], header[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
    header[124 : 124 + len(size)], header[136:148], header[156:157] = size, b"00000000000\0", kind
    header[157 : 157 + len(link)], header[257:265] = link, b"ustar\x0000"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + content + bytes(-len(content) % 512)


def _start() -> bytes:
    return raw(b"Dockerfile", size=b"%011o\0" % len(DOCKERFILE), content=DOCKERFILE)


def extended(records: dict[str, bytes], *, kind: bytes = b"x", then: bytes = b"") -> bytes:
    """An archive with an extended header before its second file, or before `then`."""
    body = b""
    for key, value in records.items():
        rest = b" %s=%s\n" % (key.encode(), value)
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length += 1
        body += str(length).encode() + rest
    return (
        _start()
        + raw(b"pax", kind=kind, size=b"%011o\0" % len(body), content=body)
        + (then or raw(b"file"))
        + bytes(1024)
    )


def _squeezed(pieces: Iterable[bytes]) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*map(engine.compress, pieces), engine.flush()])


def _of_zeros(count: int, size: int) -> Iterable[bytes]:
    for number in range(count):
        yield raw(b"f%d" % number, size=b"%011o\0" % size, content=b"")
        for _ in range(size // MIB):
            yield bytes(MIB)
    yield bytes(1024)


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("Dockerfile", DOCKERFILE)
    return buffer.getvalue()


def _longname(name: bytes, kind: bytes = b"L") -> bytes:
    return (
        _start()
        + raw(b"././@LongLink", kind=kind, size=b"%011o\0" % len(name), content=name)
        + raw(b"file")
        + bytes(1024)
    )


def _header_alone() -> bytes:
    return raw(b"pax", kind=b"x", size=b"00000000012\0", content=b"12 path=a.b\n")


# Refused as a whole, each by its maker.
REFUSED: Final[dict[str, Callable[[], bytes]]] = {
    "path-up": lambda: packed(entry("../outside")),
    "path-up-in-the-middle": lambda: packed(entry("a/../../outside")),
    "path-up-at-the-end": lambda: packed(entry("a/..")),
    "path-up-only": lambda: packed(entry("..")),
    "path-absolute": lambda: packed(entry("/etc/cron.d/x")),
    "path-absolute-twice": lambda: packed(entry("//etc/passwd")),
    "path-absolute-folder": lambda: packed(entry("/etc", b"", kind=tarfile.DIRTYPE)),
    "path-up-folder": lambda: packed(entry("../up", b"", kind=tarfile.DIRTYPE)),
    "path-with-backslashes": lambda: packed(entry("..\\..\\outside")),
    "path-of-another-system": lambda: packed(entry("C:\\windows\\x")),
    "path-up-by-an-extended-header": lambda: extended({"path": b"../../etc/passwd"}),
    "path-absolute-by-an-extended-header": lambda: extended({"path": b"/etc/passwd"}),
    "path-by-a-header-for-all": lambda: extended({"path": b"../outside"}, kind=b"g"),
    "path-up-by-a-long-name": lambda: _longname(b"../" * 40 + b"etc/passwd\0"),
    "path-with-a-nul": lambda: extended({"path": b"agent.py\0.txt"}),
    "path-that-is-empty": lambda: _start() + raw(b"") + bytes(1024),
    "path-that-is-a-point": lambda: packed(entry(".")),
    "path-that-is-no-text": lambda: _start() + raw(b"\xff\xfe\xed\xa0\x80") + bytes(1024),
    "path-too-long": lambda: packed(entry("n" * 1_025)),
    "path-too-long-in-letters-of-four-bytes": lambda: packed(entry("\U0001f512" * 257)),
    "path-too-deep": lambda: packed(entry("d/" * 600 + "f")),
    "link-to-the-outside": lambda: packed(entry("l", b"", kind=tarfile.SYMTYPE, target="/etc/passwd")),
    "link-to-the-inside": lambda: packed(entry("l", b"", kind=tarfile.SYMTYPE, target="Dockerfile")),
    "link-and-a-file-through-it": lambda: packed(
        entry("l", b"", kind=tarfile.SYMTYPE, target="/tmp"), entry("l/payload")
    ),
    "link-by-an-extended-header": lambda: extended(
        {"linkpath": b"/etc/shadow"}, then=raw(b"l", kind=b"2", size=b"00000000000\0", link=b"x", content=b"")
    ),
    "link-by-a-long-name": lambda: (
        _longname(b"/etc/shadow\0", kind=b"K")[:-1024]
        + raw(b"l", kind=b"2", size=b"00000000000\0", content=b"")
        + bytes(1024)
    ),
    "hard-link-to-the-outside": lambda: packed(entry("h", b"", kind=tarfile.LNKTYPE, target="/etc/shadow")),
    "hard-link-to-the-inside": lambda: packed(entry("h", b"", kind=tarfile.LNKTYPE, target="Dockerfile")),
    "dockerfile-as-a-link": lambda: packed(entry("Dockerfile", b"", kind=tarfile.SYMTYPE, target="/etc/passwd")),
    "device-for-characters": lambda: packed(entry("d", b"", kind=tarfile.CHRTYPE, devmajor=1, devminor=1)),
    "device-for-blocks": lambda: packed(entry("d", b"", kind=tarfile.BLKTYPE, devmajor=8, devminor=0)),
    "pipe": lambda: packed(entry("p", b"", kind=tarfile.FIFOTYPE)),
    "contiguous-file": lambda: packed(entry("c", b"", kind=tarfile.CONTTYPE)),
    "sparse-file-old": lambda: _start() + raw(b"s", kind=b"S", size=b"00000000000\0", content=b"") + bytes(1024),
    "sparse-file-that-is-a-terabyte": lambda: extended(
        {"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0", "GNU.sparse.realsize": str(1 << 40).encode()}
    ),
    "sparse-file-of-the-zeroth-version": lambda: extended(
        {"GNU.sparse.size": str(1 << 40).encode(), "GNU.sparse.numblocks": b"1", "GNU.sparse.map": b"0,1"}
    ),
    "part-of-a-volume": lambda: _start() + raw(b"v", kind=b"M") + bytes(1024),
    "name-of-a-volume": lambda: _start() + raw(b"v", kind=b"V", size=b"00000000000\0", content=b"") + bytes(1024),
    "listing-of-a-folder": lambda: _start() + raw(b"v", kind=b"D") + bytes(1024),
    "kind-that-nobody-knows": lambda: _start() + raw(b"v", kind=b"Z") + bytes(1024),
    "size-by-an-extended-header": lambda: extended({"size": str(1 << 50).encode()}),
    "size-below-zero": lambda: _start() + raw(b"n", size=b"\xff" * 12) + bytes(1024),
    "size-beyond-all": lambda: _start() + raw(b"n", size=b"\x80" + b"\x7f" * 11) + bytes(1024),
    "size-a-byte-too-much": lambda: gzip.compress(_start() + raw(b"b", size=b"%011o\0" % (15 * MIB + 1))),
    "extended-header-of-gigabytes": lambda: _squeezed(
        [_start(), raw(b"p", kind=b"x", size=b"20000000000\0", content=bytes(MIB))]
    ),
    "long-name-of-gigabytes": lambda: _squeezed(
        [_start(), raw(b"p", kind=b"L", size=b"20000000000\0", content=bytes(MIB))]
    ),
    "entries-one-too-many": lambda: packed(*(entry(f"f{number}", b"") for number in range(2_000))),
    "folders-one-too-many": lambda: packed(*(entry(f"d{n}", b"", kind=tarfile.DIRTYPE) for n in range(2_000))),
    "bomb-of-zeros": lambda: _squeezed(_of_zeros(12, 15 * MIB)),
    "bomb-of-zeros-bz2": lambda: bz2.compress(b"".join(_of_zeros(12, 15 * MIB))),
    "bomb-that-wants-memory": lambda: lzma.compress(
        packed(),
        filters=[
            {
                "id": lzma.FILTER_LZMA2,
                "preset": 0,
                "dict_size": 512 * MIB,
                "mode": lzma.MODE_FAST,
                "mf": lzma.MF_HC3,
                "nice_len": 8,
            }
        ],
    ),
    "squeezed-twice": lambda: gzip.compress(gzip.compress(packed())),
    "file-that-is-a-folder-too": lambda: packed(entry("a"), entry("a/b")),
    "folder-that-is-a-file-too": lambda: packed(entry("a", b"", kind=tarfile.DIRTYPE), entry("a")),
    "cut-in-a-file": lambda: packed(entry("a", b"y" * 5000))[:2500],
    "cut-in-the-squeezed": lambda: gzip.compress(packed(entry("a", bytes(range(256)) * 40)))[:-30],
    "checksum-that-does-not-fit": lambda: packed().replace(b"ustar", b"ustaR", 1),
    "another-format": _zip,
    "a-program": lambda: b"\x7fELF" + bytes(2000),
    "a-page": lambda: b"<!doctype html><script>alert(1)</script>" * 30,
    "nothing": lambda: b"",
    "extended-headers-in-a-row": lambda: b"".join([_start(), *[_header_alone()] * 3_000, raw(b"file"), bytes(1024)]),
    "long-names-in-a-row": lambda: b"".join(
        [_start(), *[raw(b"././@LongLink", kind=b"L", size=b"00000000002\0", content=b"a\0")] * 3_000, bytes(1024)]
    ),
    "record-without-an-end": lambda: (
        _start() + raw(b"p", kind=b"x", size=b"00000000012\0", content=b"99 path=a/b") + bytes(1024)
    ),
}
# Taken, and nothing but these paths comes of them.
HARMLESS: Final[dict[str, tuple[Callable[[], bytes], tuple[str, ...]]]] = {
    "set-id-bits": (lambda: packed(entry("run", mode=0o6755)), ("Dockerfile", "run")),
    "sticky-and-everything": (lambda: packed(entry("run", mode=0o7777)), ("Dockerfile", "run")),
    "owner-root": (lambda: packed(entry("run", uid=0, gid=0, uname="root", gname="docker")), ("Dockerfile", "run")),
    "capabilities-in-attributes": (
        lambda: extended({"SCHILY.xattr.security.capability": bytes.fromhex("01000002" + "00" * 16)}),
        ("Dockerfile", "file"),
    ),
    "access-lists-in-attributes": (lambda: extended({"SCHILY.acl.access": b"user::rwx"}), ("Dockerfile", "file")),
    "label-of-a-security-module": (lambda: extended({"RHT.security.selinux": b"unconfined"}), ("Dockerfile", "file")),
    "time-before-all": (lambda: packed(entry("old", mtime=-(2**33))), ("Dockerfile", "old")),
    "time-after-all": (lambda: packed(entry("new", mtime=2**36)), ("Dockerfile", "new")),
    "letters-of-two-sizes": (lambda: packed(entry("A"), entry("a")), ("A", "Dockerfile", "a")),
    "dockerfile-in-two-sizes": (
        lambda: packed(entry("dockerfile"), entry("DOCKERFILE")),
        ("DOCKERFILE", "Dockerfile", "dockerfile"),
    ),
    "names-that-look-alike": (lambda: packed(entry("\u00e9"), entry("e\u0301")), ("Dockerfile", "e\u0301", "\u00e9")),
    "name-from-right-to-left": (lambda: packed(entry("\u202egnp.exe")), ("Dockerfile", "\u202egnp.exe")),
    "name-with-spaces-and-quotes": (lambda: packed(entry("a b'\"$(id)`;#&")), ("Dockerfile", "a b'\"$(id)`;#&")),
    "name-that-is-an-option": (
        lambda: packed(entry("--checkpoint-action=exec=sh")),
        ("--checkpoint-action=exec=sh", "Dockerfile"),
    ),
    "name-as-deep-as-it-may-be": (lambda: packed(entry("d/" * 500 + "f")), ("Dockerfile", "d/" * 500 + "f")),
    "same-path-twice": (lambda: packed(entry("a"), entry("./a", b"later")), ("Dockerfile", "a")),
    "second-dockerfile-of-another-spelling": (lambda: packed(entry("./Dockerfile", DOCKERFILE)), ("Dockerfile",)),
    "nothing-after-the-end-counts": (lambda: packed() + packed(entry("hidden")), ("Dockerfile",)),
    "name-behind-a-nul": (lambda: _start() + raw(b"a.py\0../../x") + bytes(1024), ("Dockerfile", "a.py")),
    "number-that-is-none": (lambda: extended({"size": b"nine"}), ("Dockerfile", "file")),
    "time-that-is-none": (lambda: extended({"mtime": b"nan", "size": b"1e9"}), ("Dockerfile", "file")),
    "bomb-after-the-end": (lambda: gzip.compress(packed()) + _squeezed([bytes(MIB)] * 400), ("Dockerfile",)),
    "cut-in-a-header": (lambda: packed(entry("hidden"))[:1100], ("Dockerfile",)),
    "two-squeezed-in-a-row": (
        lambda: gzip.compress(packed()) + gzip.compress(packed(entry("hidden"))),
        ("Dockerfile",),
    ),
}
