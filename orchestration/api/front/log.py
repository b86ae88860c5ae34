"""One JSON line on standard output for each request and each error: never a body, a token, a value or a path.

A path may hold the id of a case, and a message of an exception a value of the data, so lines have the route's pattern,
the names of parameters, and of an exception its type and where it was raised.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

logger = logging.getLogger("doubleread.service")

FRAMES = 12  # of a traceback: enough to see which call it was


class JSONFormatter(logging.Formatter):
    """Writes a record as one line; the fields of a line of our own are in ``record.fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        fields = getattr(record, "fields", None)
        line |= fields if fields is not None else {"event": record.name, "message": str(record.msg)}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__qualname__
            line["where"] = _frames(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False, default=str)


def log_event(event: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:  # noqa: ANN401
    """Write one line."""
    raised = (type(error), error, error.__traceback__) if error else None
    logger.log(level, event, extra={"fields": {"event": event, **fields}}, exc_info=raised)


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
