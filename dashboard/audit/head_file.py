"""How far the audit log has come, kept outside of the database: in a file of this machine.

A log whose end was cut off, or an older copy of it, fits together as well as the whole one. What it
lacks shows only where something else remembers the last entry.
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
# As much of a digest nobody can forge, and the log of events does not take it for a secret.
SHOWN_LENGTH = 32
WRITTEN = re.compile(rf"(\d{{1,20}}):([0-9a-f]{{16,{DIGEST_LENGTH}}})")


@dataclass(frozen=True)
class Head:
    """The last entry of the log: its number, which is how many there are, and its digest."""

    number: int
    digest: str

    def __str__(self) -> str:
        return f"{self.number}:{self.digest[:SHOWN_LENGTH]}"


START = Head(0, "0" * DIGEST_LENGTH)


class Unreadable(Exception):
    """It is not a number and a digest."""


def read(text: str) -> Head:
    """Return the head that is written like this: "120:" and at least 16 digits of its digest.
    Raises Unreadable."""
    found = WRITTEN.fullmatch(text.strip())
    if not found:
        raise Unreadable
    return Head(int(found[1]), found[2])


def path() -> Path:
    """Return where it is kept. All processes of one machine share the file."""
    where: Path = settings.VAR_DIR
    return where / "audit_head"


def kept() -> Head | None:
    """Return the last head that this machine has seen, or None. Raises Unreadable."""
    if not path().exists():
        return None
    with _locked() as file:
        return _read(file)


def keep(head: Head, follows: Callable[[Head], bool]) -> None:
    """Keep a later head. One that is not in the log any more, which `follows` tells, stays kept:
    writing on does not hide that something is missing. Raises Unreadable."""
    with _locked() as file:
        known = _read(file) or START
        if known.number < head.number and follows(known):
            _write(file, head)


def replace(head: Head) -> None:
    """Keep this head, whatever was kept."""
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
    """Always of one length and in one piece, so that no process that dies leaves half of it."""
    os.pwrite(file, f"{head.number:020}:{head.digest}\n".encode(), 0)
