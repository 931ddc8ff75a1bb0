"""Reading a Dockerfile, and writing it again so that the builder sees exactly what was checked.

Each instruction becomes one line, and each image that it names the id of the image that was looked at. A trick that
this reader and the engine's builder would understand differently has nowhere to live: what is ambiguous is refused.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runner.engine import errors

_LARGEST_BYTES = 256 * 1024
_DIRECTIVE = re.compile(r"#[ \t]*([a-zA-Z][a-zA-Z0-9]*)[ \t]*=[ \t]*(.+?)[ \t]*")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")
_FETCHED_BY_ADD = re.compile(r"://|git@|[$\\`]")


@dataclass(frozen=True)
class Instruction:
    """One instruction on one line. ``line`` is where it began, from 1."""

    word: str
    rest: str
    line: int


@dataclass(frozen=True)
class Source:
    """An image that the file names, by FROM or by COPY --from; ``index`` is the instruction's place."""

    reference: str
    index: int
    line: int

    @property
    def leaf(self) -> str:
        """The last part of the name, without tag and digest."""
        return re.split(r"[:@]", self.reference.rpartition("/")[2])[0]


@dataclass(frozen=True)
class Dockerfile:
    """What was read. ``sources`` are the images that have to be there; stages of the file itself are not among them."""

    instructions: tuple[Instruction, ...]
    sources: tuple[Source, ...]
    escape: str

    def render(self, image_ids: Mapping[Source, str], *, opening: tuple[str, ...] = ()) -> bytes:
        """The file again, starting from the ids that each of the sources was found to be.

        ``opening`` are instructions of our own that every stage begins with.
        """
        by_index = {source.index: image_id for source, image_id in image_ids.items()}
        lines = [f"# escape={self.escape}"]
        for index, instruction in enumerate(self.instructions):
            rest = instruction.rest
            if index in by_index and instruction.word == "FROM":
                stage = _from_parts(instruction)[1]
                rest = f"{by_index[index]} AS {stage}" if stage else by_index[index]
            elif index in by_index:
                rest = re.sub(r"(?<!\S)--from=\S+", f"--from={by_index[index]}", rest, count=1)
            lines.append(f"{instruction.word} {rest}".rstrip(" \t"))
            if instruction.word == "FROM":
                lines += opening
        return ("\n".join(lines) + "\n").encode()


def parse(content: bytes) -> Dockerfile:
    """Read a Dockerfile. Raises BuildRefused for what no build may do, or what cannot be read in one way only."""
    lines = _lines(content)
    escape = _escape_character(lines)
    instructions = tuple(_instructions(lines, escape))
    for instruction in instructions:
        if instruction.word == "ADD" and _FETCHED_BY_ADD.search(re.sub("[\"']", "", instruction.rest)):
            # The engine itself would fetch it, from the host's own network.
            raise _refused(instruction.line, "ADD takes plain file names, no address, variable or escape; use COPY")
    return Dockerfile(instructions, tuple(_sources(instructions)), escape)


def _lines(content: bytes) -> list[str]:
    if len(content) > _LARGEST_BYTES:
        raise errors.BuildRefused("The Dockerfile is larger than 256 KiB.")
    try:
        lines = [line.removesuffix("\r") for line in content.decode("utf-8-sig").split("\n")]
    except UnicodeDecodeError:
        raise errors.BuildRefused("The Dockerfile is not UTF-8 text.") from None
    for number, line in enumerate(lines, start=1):
        if not _is_comment(line) and any(unicodedata.category(char) == "Cc" and char != "\t" for char in line):
            raise _refused(number, "it contains a control character")
    return lines


def _is_comment(line: str) -> bool:
    return line.lstrip(" \t").startswith("#")


def _escape_character(lines: list[str]) -> str:
    for number, line in enumerate(lines, start=1):
        directive = _DIRECTIVE.fullmatch(line.strip(" \t"))
        if directive is None:
            break
        if directive.group(1).lower() == "escape":
            if directive.group(2) not in ("\\", "`"):
                raise _refused(number, "the escape character is either \\ or `")
            return directive.group(2)
    return "\\"


def _instructions(lines: list[str], escape: str) -> Iterator[Instruction]:
    first, text, open_ended = 0, "", False
    for number, line in enumerate(lines, start=1):
        if not line.strip(" \t") or _is_comment(line):
            continue
        first = first if open_ended else number
        stripped = line.rstrip(" \t")
        open_ended = stripped.endswith(escape)
        if stripped.endswith(escape * 2):
            raise _refused(number, "a line cannot end with two escape characters")
        text += stripped.removesuffix(escape) if open_ended else line
        if not open_ended:
            yield _instruction(text, first)
            text = ""
    if open_ended:
        raise _refused(len(lines), "the last instruction is not finished")


def _instruction(text: str, line: int) -> Instruction:
    word, _, rest = text.strip(" \t").replace("\t", " ").partition(" ")
    if not re.fullmatch("[A-Za-z]+", word) or not rest.strip():
        raise _refused(line, "this is not an instruction")
    return Instruction(word.upper(), text.strip(" \t")[len(word) :].strip(" \t"), line)


def _sources(instructions: tuple[Instruction, ...]) -> Iterator[Source]:
    defaults: dict[str, str] = {}
    names: set[str] = set()
    stages = 0
    for index, instruction in enumerate(instructions):
        if instruction.word == "ARG" and not stages:
            name, _, value = instruction.rest.partition("=")
            defaults[name.strip()] = _expand(value.strip().strip("\"'"), defaults)
        elif instruction.word == "FROM":
            written, stage = _from_parts(instruction)
            reference = _expand(written, defaults)
            if reference.lower() not in names and reference != "scratch":
                yield _source(reference, index, instruction)
            names |= {stage.lower()} - {""}
            stages += 1
        elif instruction.word == "COPY":
            other = _copied_from(instruction)
            if other and other.lower() not in names and other not in map(str, range(stages)):
                yield _source(other, index, instruction)
        elif instruction.word == "ONBUILD":
            raise _refused(instruction.line, "ONBUILD is not possible here")
    if not stages:
        raise errors.BuildRefused("The Dockerfile has no FROM.")


def _from_parts(instruction: Instruction) -> tuple[str, str]:
    """The reference as written, and the stage's name or nothing. Flags such as --platform are skipped."""
    words = [word for word in instruction.rest.split() if not word.startswith("--")]
    if len(words) == 3 and words[1].upper() == "AS" and re.fullmatch(r"[A-Za-z][\w.-]*", words[2], re.ASCII):
        return words[0], words[2]
    if len(words) != 1:
        raise _refused(instruction.line, "this FROM cannot be read")
    return words[0], ""


def _copied_from(instruction: Instruction) -> str:
    found = ""
    for word in instruction.rest.split():
        if not word.startswith("--"):
            break
        if re.search(r"[\"'\\`]", word):
            raise _refused(instruction.line, "a flag of COPY cannot contain quotes or escapes")
        if word.lower().startswith("--from"):
            if found or not word.startswith("--from=") or word == "--from=":
                raise _refused(instruction.line, "this COPY --from cannot be read")
            found = word.removeprefix("--from=")
    return found


def _expand(text: str, defaults: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return defaults.get(match.group(1) or match.group(2)) or match.group(3) or ""

    return _VARIABLE.sub(value, text).strip("\"'")


def _source(reference: str, index: int, instruction: Instruction) -> Source:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}", reference):
        raise _refused(instruction.line, "the image it names cannot be read")
    return Source(reference, index, instruction.line)


def _refused(line: int, reason: str) -> errors.BuildRefused:
    return errors.BuildRefused(f"The Dockerfile, line {line}: {reason}.")
