"""One JSON line per event on standard error, with anything that looks like a token taken out."""

from __future__ import annotations

import logging
import re
import string
from typing import Any

import structlog

from dashboard.random_keys import API_KEY_PREFIX
from dashboard.routes import DISPLAYS, INVITATIONS

# A token is 64 hex digits in every document of the vendor; an Authorization value may be anything.
# The addresses of display links and invitations end in the key that opens them, those of databases
# hold a password, and the one that single sign-on leads back to a code; API keys say what they are.
SECRETS = re.compile(
    rf"(?i)\b[0-9a-f]{{64}}\b|(?<=bearer )\S+|(?<=/{DISPLAYS})[\w%-]+|(?<=/{INVITATIONS})[\w%-]+"
    rf"|(?<=://)[^/\s@]*(?=@)|(?<=\bcode=)[^&\s]+|\b{API_KEY_PREFIX}[\w-]+"
)

# What one text of a line may have of characters: much of what is logged was sent by somebody else.
LONGEST = 10_000


def redact(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: redacted(value) for key, value in event.items()}


def redact_record(record: logging.LogRecord) -> bool:
    """The same as a filter, for a logger with handlers of its own; lets every record through."""
    record.msg, record.args = redacted(record.getMessage()), ()
    return True


def redacted(value: Any) -> Any:
    """The same without what looks like a secret, and without what is too long, at any depth."""
    if isinstance(value, str):
        return SECRETS.sub("[redacted]", value if len(value) <= LONGEST else _ends(value))
    if isinstance(value, (list, tuple)):
        return [redacted(member) for member in value]
    if isinstance(value, dict):
        return {key: redacted(member) for key, member in value.items()}
    return value


def _ends(text: str) -> str:
    """The beginning and, of a text of several lines, the end. Half a secret does not look like one:
    neither end begins or stops within a token or a line that has a key."""
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
    """An answer with an error status is in the request log already; only a traceback is news."""
    return record.exc_info is not None


def as_a_line(record: logging.LogRecord) -> bool:
    """Let every record through, without its traceback: that someone asks by a wrong host name is no
    fault of ours, and must not fill the log."""
    record.exc_info = record.exc_text = None
    return True


def configuration(level: str, *, readable: bool) -> dict[str, Any]:
    """Django's LOGGING; `readable` gives coloured lines for a person instead of JSON."""
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
