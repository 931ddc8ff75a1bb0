"""The data set as SQL statements for the owner's own database."""

from collections.abc import Iterator
from datetime import date, datetime

from eval.dataset.generate import Dataset, Row, Value

CHUNK = 200


def statements(data: Dataset) -> Iterator[str]:
    """What makes and fills the tables, one statement at a time."""
    for shape in data.shapes:
        yield f"DROP TABLE IF EXISTS {shape.name}"
        yield shape.create_sql()
        names = [column.name for column in shape.columns]
        rows = data.rows[shape.name]
        for start in range(0, len(rows), CHUNK):
            values = ",\n".join(_tuple(row, names) for row in rows[start : start + CHUNK])
            yield f"INSERT INTO {shape.name} ({', '.join(names)}) VALUES\n{values}"


def _tuple(row: Row, names: list[str]) -> str:
    return f"({', '.join(_literal(row[name]) for name in names)})"


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    text = value.isoformat() if isinstance(value, date | datetime) else value
    return "'" + text.replace("'", "''") + "'"
