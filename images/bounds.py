"""Bounds in time, as addresses have them: read, and written so that the same one is read again.

A bare date is a day in UTC. A time is a moment: in UTC, or with the offset that it names, which
stays with it. What begins with a date begins with that day, and what ends with one includes it;
what ends with a time ends before it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MILLISECOND = timedelta(milliseconds=1)
FIRST_TIME = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
LAST_TIME = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
PERIOD = re.compile(r"[0-9]{4}(?P<month>-[0-9]{2})?")
# The "+" of an offset is a space where somebody forgot to encode it.
DECODED_PLUS = re.compile(r"(\S+[T ]\S+) (\d\d:\d\d)")


@dataclass(frozen=True, order=True, slots=True)
class Bound:
    """A moment in Unix milliseconds, written with an offset of so many minutes.

    As a beginning it is inclusive, as an end exclusive.
    """

    ms: int
    offset: int = 0

    @property
    def moment(self) -> datetime:
        return EPOCH + self.ms * MILLISECOND

    @property
    def wall(self) -> datetime:
        """What clocks at its offset show, without that."""
        return self.moment.replace(tzinfo=None) + self.offset * MINUTE

    @property
    def iso(self) -> str:
        wall = self.wall
        timespec = "milliseconds" if wall.microsecond else "seconds"
        return wall.isoformat(timespec=timespec) + (_offset(self.offset) or "Z")

    def day(self, *, last: bool) -> date | None:
        """Return the day, at its offset, that it is the beginning of, or the end if `last`."""
        if last and self == LAST:
            return date.max
        wall = self.wall
        if wall.time() != datetime.min.time() or (last and wall.date() == date.min):
            return None
        return wall.date() - last * DAY

    def utc_day(self, *, last: bool) -> date:
        """Return the first day in UTC of which it leaves anything, or the last one if `last`."""
        return (EPOCH + max(FIRST_TIME, self.ms - last) * MILLISECOND).date()

    def text(self, *, last: bool) -> str:
        """Return "2024-01-31 UTC" where it is a day's, else "2024-01-31 12:30 UTC+08:00"."""
        day = self.day(last=last)
        shown = day.isoformat() if day else self.wall.isoformat(" ", "minutes")
        return f"{shown} UTC{_offset(self.offset)}"


# No day follows the one that it is the end of.
LAST = Bound(LAST_TIME)


def read_first(text: str) -> Bound:
    """Return what begins with this date or time; raise ValueError for a text that is neither.

    A month or a year is its first day, where something ends with it its last one.
    """
    days = _days(text)
    return Bound(_midnight(days[0])) if days else _time(text)


def read_last(text: str) -> Bound:
    """Return what ends with this date or before this time; raise ValueError for anything else."""
    days = _days(text)
    return _end(days[1]) if days else _time(text)


def read_end(text: str) -> Bound:
    """Return what ends with this date or this time; raise ValueError for anything else."""
    days = _days(text)
    if days:
        return _end(days[1])
    time = _time(text)
    return Bound(min(time.ms + 1, LAST_TIME), time.offset)


def write_first(bound: Bound) -> str:
    return _written(bound, last=False)


def write_last(bound: Bound) -> str:
    return _written(bound, last=True)


def _written(bound: Bound, *, last: bool) -> str:
    day = None if bound.offset else bound.day(last=last)
    return day.isoformat() if day else bound.iso


def _days(text: str) -> tuple[date, date] | None:
    """Return the first and the last day of a date, a month or a year; None for anything else."""
    period = PERIOD.fullmatch(text)
    try:
        first = date.fromisoformat(f"{text}-01-01"[:10] if period else text)
    except ValueError:
        return None
    if period is None:
        return first, first
    month = first.month if period["month"] else 12
    return first, date(first.year, month, monthrange(first.year, month)[1])


def _end(day: date) -> Bound:
    return Bound(min(_midnight(day) + DAY // MILLISECOND, LAST_TIME))


def _midnight(day: date) -> int:
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // MILLISECOND


def _time(text: str) -> Bound:
    try:
        moment = datetime.fromisoformat(DECODED_PLUS.sub(r"\1+\2", text))
    except OverflowError as error:
        raise ValueError(text) from error
    offset = moment.utcoffset() or timedelta()
    milliseconds = (moment.replace(tzinfo=UTC) - EPOCH - offset) // MILLISECOND
    if not FIRST_TIME <= milliseconds <= LAST_TIME:  # Its offset moved it out of datetime's years.
        raise ValueError(text)
    return Bound(milliseconds, int(offset / MINUTE))


def _offset(minutes: int) -> str:
    """Return "+08:00", or "" for none."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}" if minutes else ""
