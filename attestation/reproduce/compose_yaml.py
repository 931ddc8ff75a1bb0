"""Compose files as plain values, read so that no other reader could see something else in them.

This is the only module that uses the YAML library, and only its syntax tree: nothing is constructed. Keys that
occur twice, tags, anchors that contain themselves and line ends that not every reader knows are refused.
"""

from typing import Any, Final, TypeAlias

from attestation.reproduce.errors import ComposeFileMalformed

LARGEST_BYTES: Final = 192 * 1024
_MERGE: Final = "<<"
Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | None"
_DEEPEST: Final = 32
_MOST_VALUES: Final = 20_000  # also bounds what merge keys multiply
_KINDS: Final = frozenset({"map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value"})
_PREFIX: Final = "tag:yaml.org,2002:"
_ODD: Final = frozenset("\x85\u2028\u2029\ufeff\r\x00")


def read_compose_yaml(text: bytes) -> dict[str, Plain]:
    """The document, with merge keys carried out and scalars as their text; an alias gives one shared value.

    Raises ComposeFileMalformed.
    """
    import yaml

    if len(text) > LARGEST_BYTES:
        raise ComposeFileMalformed("The compose file is larger than any build needs.")
    try:
        decoded = text.decode("utf-8")
        if _ODD & set(decoded):
            raise ComposeFileMalformed
        root = yaml.compose(decoded, Loader=yaml.SafeLoader)
        plain = _Tree().plain(root)
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        raise ComposeFileMalformed from error
    if not isinstance(plain, dict):
        raise ComposeFileMalformed
    return plain


class _Tree:
    """Turns nodes into plain values, each node once."""

    def __init__(self) -> None:
        self._done: dict[int, Plain] = {}
        self._open: set[int] = set()
        self._count = 0

    def plain(self, node: Any, depth: int = 0) -> Plain:
        if node is None:
            return None
        if id(node) in self._done:
            return self._done[id(node)]
        kind = node.tag.removeprefix(_PREFIX)
        if depth > _DEEPEST or id(node) in self._open or kind not in _KINDS or not node.tag.startswith(_PREFIX):
            raise ComposeFileMalformed
        self._spend(1)
        self._open.add(id(node))
        value = self._value(node, kind, depth)
        self._open.remove(id(node))
        self._done[id(node)] = value
        return value

    def _value(self, node: Any, kind: str, depth: int) -> Plain:
        if node.id == "scalar":
            return None if kind == "null" else str(node.value)
        if node.id == "sequence":
            return [self.plain(item, depth + 1) for item in node.value]
        members: dict[str, Plain] = {}
        for key, item in node.value:
            name = self.plain(key, depth + 1)
            merges = key.tag == _PREFIX + "merge"
            if not isinstance(name, str) or name in members or (name == _MERGE) != merges:
                raise ComposeFileMalformed
            members[name] = self.plain(item, depth + 1)
        return self._merged(members) if _MERGE in members else members

    def _merged(self, members: dict[str, Plain]) -> dict[str, Plain]:
        """The mapping's own members win over what is merged in, and of that the earlier ones."""
        brought = members.pop(_MERGE)
        merged: dict[str, Plain] = {}
        for part in reversed(brought if isinstance(brought, list) else [brought]):
            if not isinstance(part, dict):
                raise ComposeFileMalformed
            self._spend(len(part))
            merged |= part
        return merged | members

    def _spend(self, values: int) -> None:
        self._count += values
        if self._count > _MOST_VALUES:
            raise ComposeFileMalformed("The compose file holds more than any build needs.")
