"""Structured logs. Only allow-listed fields of a record are written, so that content cannot slip in through `extra`."""

import json
import logging
from datetime import UTC, datetime

FIELDS = (
    "tenant_id",
    "room_id",
    "run_id",
    "agent_id",
    "stage",
    "worker_id",
    "status",
    "code",
    "count",
    "seconds",
    "size_bytes",
    "attempt",
    "method",
    "path",
)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, allow-listed fields, and the type of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line for one record. An exception is written as its type and place, never with its text."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update({name: getattr(record, name) for name in FIELDS if hasattr(record, name)})
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["trace"] = _places(record)
        return json.dumps(line, ensure_ascii=False, default=str)


def _places(record: logging.LogRecord) -> list[str]:
    places = []
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-8:]
