"""One text, seen as a plain sequence of letters: look-alikes, unseen characters and spacing taken away."""

import re
import unicodedata

# Cyrillic and Greek letters that pass for Latin ones, in small letters.
_LOOK_ALIKES = str.maketrans(
    "\u0430\u0431\u0432\u0433\u0434\u0435\u0437\u043a\u043c\u043d\u043e\u043f\u0440\u0441\u0442\u0443\u0445"
    "\u044c\u0455\u0456\u0458\u0475\u04bb\u04cf\u0501\u051b\u051d\u0563"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03c9\u03b6\u03f3\u0261\u0131\u0269",
    "abbrgezkmhonpctyxbsijvhldqwqabenikvoptuxwzjgii",
)
_CAESAR = [
    str.maketrans("abcdefghijklmnopqrstuvwxyz", "".join(chr((number + shift) % 26 + 97) for number in range(26)))
    for shift in range(1, 26)
]
_ATBASH = str.maketrans("abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")
_NO_LETTER = re.compile(r"[^a-z0-9]+")
_NATO = re.compile(
    r"\b(alfa|alpha|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliett?|kilo|lima|mike|november|oscar|papa"
    r"|quebec|romeo|sierra|tango|uniform|victor|whiskey|x-?ray|yankee|zulu|zero|one|two|three|four|five|six|seven"
    r"|eight|niner?)\b",
    re.IGNORECASE,
)
_DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def plain(text: str) -> str:
    """The text in small Latin letters as far as they look like it, without unseen characters; spacing stays."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LOOK_ALIKES)
    return "".join(c for c in folded if unicodedata.category(c) not in ("Mn", "Cf", "Cc") or c in "\n\t")


def squashed(text: str) -> str:
    """Nothing but letters and digits of a `plain` text."""
    return _NO_LETTER.sub("", text)


def turned(letters: str) -> list[str]:
    """What letters may have been before: read backwards, shifted through the alphabet (rot13 among them), mirrored."""
    shifted = [letters.translate(table) for table in _CAESAR]
    return [letters[::-1], letters.translate(_ATBASH), *shifted, *(one[::-1] for one in shifted[12:13])]


def edges(text: str) -> list[str]:
    """Letters taken from the margins: the first and the last of every line, of every word, and of every cell."""
    lines, cells, words = (_letters_of(parts) for parts in (text.split("\n"), re.split(r"[\n|]", text), text.split()))
    return ["".join(part[place] for part in parts) for parts in (lines, cells, words) for place in (0, -1)]


def spelled(text: str) -> str:
    """Letters that were written as words of the spelling alphabet."""
    return "".join(_spelled_letter(match.group().lower()) for match in _NATO.finditer(text))


def _spelled_letter(word: str) -> str:
    if word == "niner":
        return "9"
    return str(_DIGIT_WORDS.index(word)) if word in _DIGIT_WORDS else word[0]


def _letters_of(parts: list[str]) -> list[str]:
    return [part for part in map(squashed, parts) if part]
