"""Locks that nobody has to give back: whose holder was killed is free again in LEASE_SECONDS.

A lock is an entry of the cache that says who took it, and is gone soon; a thread of the holder's
puts that off once a second while the holder is at work. Where no cache works, a lock is one of this
process alone.

Two may hold the same one when the cache lost it, or when its holder stood still for longer than it
lasts. All that is done under a lock may be done twice: that costs the cloud some calls.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db import connections

LEASE_SECONDS = 4
RENEWAL_INTERVAL_SECONDS = 1.0


@dataclass(frozen=True)
class Lease:
    """`owner` is like no other's, of any process. After `until` (monotonic) it is not renewed."""

    name: str
    until: float
    owner: str = field(default_factory=lambda: secrets.token_hex(16))
    over: threading.Event = field(default_factory=threading.Event)


_held: dict[str, Lease] = {}
_lock = threading.Lock()


def take(name: str, at_most: float) -> bool:
    """Return whether the lock is now the caller's, who has to drop it.

    A caller that hangs keeps others out for `at_most` seconds.
    """
    lease = Lease(name, time.monotonic() + at_most)
    with _lock:
        if name in _held:
            return False
        _held[name] = lease
    # Looked at first: of a database, reading needs no lock.
    if cache.get(name) is not None or not cache.add(name, lease.owner, LEASE_SECONDS):
        _held.pop(name, None)
        return False
    threading.Thread(target=_keep, args=(lease,), name="lease", daemon=True).start()
    return True


def drop(name: str) -> None:
    lease = _held.pop(name, None)
    if lease:
        lease.over.set()
        _give_back(lease)


def _keep(lease: Lease) -> None:
    while not lease.over.wait(RENEWAL_INTERVAL_SECONDS) and time.monotonic() < lease.until:
        _renew(lease)
        if lease.over.is_set():
            _give_back(lease)  # It was dropped meanwhile, and may be there again.
        connections.close_all()


def _renew(lease: Lease) -> None:
    """Have the lease last longer, or add it again where the cache lost it.

    A cache that fails says that nothing is there; to add it then takes it from nobody. What fails
    altogether is tried again in a second.

    Between looking and doing, here and in `_give_back`, the lease may run out and become someone
    else's. It would have to be at its very end, after three renewals that failed: then that one's
    lock lasts a bit longer, or is lost until it is renewed.
    """
    if cache.get(lease.name) == lease.owner:
        cache.touch(lease.name, LEASE_SECONDS)
    else:
        cache.add(lease.name, lease.owner, LEASE_SECONDS)


def _give_back(lease: Lease) -> None:
    """Only one's own: after a standstill the lock may be someone else's."""
    if cache.get(lease.name) == lease.owner:
        cache.delete(lease.name)


def forget() -> None:
    """Renew nothing and give nothing back, as a process that was killed."""
    for lease in _held.values():
        lease.over.set()
    _held.clear()
