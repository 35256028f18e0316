"""Logging: one JSON line per event on standard error, with anything like a secret taken out."""

from __future__ import annotations

import logging
import re
import string
from typing import Any

import structlog

from dashboard.random_keys import API_KEY_PREFIX
from dashboard.web.routes import DISPLAYS, INVITATIONS

# A token is 64 hex digits in every document of the vendor; an Authorization value may be anything.
# The addresses of display links and invitations end in the key that opens them, those of databases
# hold a password, and the one to which single sign-on leads back holds a code. API keys have a
# prefix.
SECRETS = re.compile(
    rf"(?i)\b[0-9a-f]{{64}}\b|(?<=bearer )\S+|(?<=/{DISPLAYS})[\w%-]+|(?<=/{INVITATIONS})[\w%-]+"
    rf"|(?<=://)[^/\s@]*(?=@)|(?<=\bcode=)[^&\s]+|\b{API_KEY_PREFIX}[\w-]+"
)

# The longest text of a line, in characters: much of what is logged was sent by somebody else.
LONGEST = 10_000


def redact(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: redacted(value) for key, value in event.items()}


def redact_record(record: logging.LogRecord) -> bool:
    """Redact the record and let it through: a filter for loggers with handlers of their own."""
    record.msg, record.args = redacted(record.getMessage()), ()
    return True


def redacted(value: Any) -> Any:
    """Return the value without what looks like a secret, and with long texts cut, at any depth."""
    if isinstance(value, str):
        return SECRETS.sub("[redacted]", value if len(value) <= LONGEST else _ends(value))
    if isinstance(value, (list, tuple)):
        return [redacted(member) for member in value]
    if isinstance(value, dict):
        return {key: redacted(member) for key, member in value.items()}
    return value


def _ends(text: str) -> str:
    """Return the beginning of a long text and, if it has several lines, its end.

    Half a secret does not look like one, so neither part ends or begins within a token or within a
    line that has a key.
    """
    start = text[: LONGEST // 2].rstrip(string.hexdigits)
    end = text[-LONGEST // 2 :].partition("\n")[2]
    return f"{start} … ({len(text)} characters) … {end}"


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def is_news(record: logging.LogRecord) -> bool:
    """Return whether there is a traceback: an error status alone is in the request log already."""
    return record.exc_info is not None


def as_a_line(record: logging.LogRecord) -> bool:
    """Remove the record's traceback and let it through.

    A request by a wrong host name is no fault of ours, and must not fill the log.
    """
    record.exc_info = record.exc_text = None
    return True


def configuration(level: str, *, readable: bool) -> dict[str, Any]:
    """Return Django's LOGGING; `readable` gives coloured lines for a person instead of JSON."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    *SHARED[:-1],
                    structlog.stdlib.PositionalArgumentsFormatter(),
                    structlog.processors.format_exc_info,
                ],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    redact,
                    renderer,
                ],
            },
        },
        "filters": {"news": {"()": lambda: is_news}, "line": {"()": lambda: as_a_line}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured"},
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
            "django.request": {"level": "ERROR", "filters": ["news"]},
            "django.security.DisallowedHost": {"level": "WARNING", "filters": ["line"]},
            "dashboard": {"level": level},
            "images": {"level": level},
        },
    }
