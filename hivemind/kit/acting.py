"""On whose behalf rows are changed: told to the triggers that write the history, with the statement that changes them.

The triggers (of django-pghistory) read it from the variable `pghistory.context_metadata` of the transaction. Its own
way of setting that variable touches every statement; this one leaves alone what changes no tracked table.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.db import connection
from psycopg import sql as quoting

Told = Mapping[str, str]
_CHANGES = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"([a-z0-9_]+)"', re.IGNORECASE)
_tracked: set[str] = set()


def track(table: str) -> None:
    """Tell the triggers of `table` on whose behalf it is changed."""
    _tracked.add(table)


@contextmanager
def on_behalf(tell: Callable[[], Told]) -> Iterator[None]:
    """Attribute what this thread changes within. `tell` is asked at each change; who it is may be known late."""
    with connection.execute_wrapper(partial(_attribute, tell)):
        yield


def _attribute(
    tell: Callable[[], Told], execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
) -> Any:
    found = _CHANGES.match(sql) if isinstance(sql, str) and not many else None
    if found is None or found.group(1) not in _tracked:
        return execute(sql, params, many, context)
    literal = quoting.quote(json.dumps(tell(), ensure_ascii=True))
    if params is not None:
        literal = literal.replace("%", "%%")
    told = f"SELECT set_config('pghistory.context_metadata', {literal}, true); "
    result = execute(told + sql, params, many, context)
    # The cursor stands at the first statement's result; the caller wants that of the last.
    while result is not None and result.nextset():
        pass
    return result
