"""The newest entry of the audit log, remembered in a file of this machine.

A log whose end was cut off, or that was restored from an older copy, is still a valid chain. That
entries are missing shows only where something outside of the database remembers the last one.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

DIGEST_LENGTH = 64
# This much of a digest cannot be forged, and the event log does not redact it as a secret.
SHOWN_LENGTH = 32
WRITTEN = re.compile(rf"(\d{{1,20}}):([0-9a-f]{{16,{DIGEST_LENGTH}}})")


@dataclass(frozen=True)
class Head:
    """The newest entry of the log: its digest, and its number, which is the count of entries."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest[:SHOWN_LENGTH]}"


START = Head(0, "0" * DIGEST_LENGTH)


class Unreadable(Exception):
    """Raised for a text that is not a number, a colon and a digest."""


def read(text: str) -> Head:
    """Return the head in a text like "120:" and at least 16 digits of its digest.

    Raise Unreadable if it is anything else.
    """
    found = WRITTEN.fullmatch(text.strip())
    if not found:
        raise Unreadable
    return Head(int(found[1]), found[2])


def path() -> Path:
    """Return the path of the file, which all processes of this machine share."""
    where: Path = settings.VAR_DIR
    return where / "audit_head"


def kept() -> Head | None:
    """Return the newest head that this machine has seen, or None if there is none.

    Raise Unreadable if the file is damaged.
    """
    if not path().exists():
        return None
    with _locked() as file:
        return _read(file)


def keep(head: Head, follows: Callable[[Head], bool]) -> None:
    """Remember a later head; raise Unreadable if the file is damaged.

    `follows` tells whether the head remembered so far is still in the log. Where it is not, it
    stays remembered, so that writing new entries does not hide that others are missing.
    """
    with _locked() as file:
        known = _read(file) or START
        if known.number < head.number and follows(known):
            _write(file, head)


def replace(head: Head) -> None:
    """Remember this head, whatever was remembered before."""
    with _locked() as file:
        _write(file, head)


@contextmanager
def _locked() -> Iterator[int]:
    path().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(path(), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _read(file: int) -> Head | None:
    text = os.pread(file, 1000, 0).decode("ascii", "replace")
    return read(text) if text else None


def _write(file: int, head: Head) -> None:
    """Write one line of fixed length in a single call, so that no process leaves half of it."""
    os.pwrite(file, f"{head.number:020}:{head.digest}\n".encode(), 0)
