"""Since when images need attention: kept with what is known of each region.

A cloud tells that an image has failed, never since when. So each list that is read is held beside
what was kept at the one before: what is wrong now and was not then began with this list.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping

import msgspec

from images.cloud.records import Image
from images.history.models import Watch
from images.reports.attention import AT_RISK, CHECK_FAILED, FAILED, worry
from images.services.signals import Reading
from images.verdict import verdict

# What a verdict says where it is not known whether something is still wrong.
UNKNOWN = {
    FAILED: frozenset({"status-unknown"}),
    AT_RISK: frozenset({"storages-unknown", "storages-unsure"}),
    CHECK_FAILED: frozenset({"check-unknown"}),
}


class Began(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is wrong (one of `attention.WORRIES`), and when that was first seen (Unix seconds).

    Unless `witnessed` it may have been so for longer: nobody had looked before.
    """

    why: str
    at: float
    witnessed: bool


Worries = Mapping[str, Began]
"""What began when, by the uuid of an image of one region."""


def noted(before: Worries | None, reading: Reading) -> dict[str, Began]:
    """Return what is wrong in a reading, with since when; `before` is None where nobody looked.

    What a list that is not whole leaves out stays as it was, and so does what is not known now.
    """
    known = before or {}
    found = {} if reading.whole else dict(known)
    for image in reading.images:
        old, why = known.get(image.uuid), worry(image)
        if old and (old.why == why or (not why and _hides(image, old.why))):
            found[image.uuid] = old
        elif why:
            found[image.uuid] = Began(why, reading.at, before is not None)
        else:
            found.pop(image.uuid, None)
    return found


def _hides(image: Image, why: str) -> bool:
    """Whether that of the image is not known just now which would say whether it is still so."""
    return not UNKNOWN.get(why, frozenset()).isdisjoint(verdict(image).reasons)


def began(keys: Collection[str]) -> dict[tuple[str, str], Began]:
    """Return what is kept of all regions of tokens' keys, by region and uuid."""
    rows = Watch.objects.filter(key__in=keys).values_list("region", "worries")
    return {
        (region, uuid): each for region, data in rows for uuid, each in (decode(data) or {}).items()
    }


def encode(found: Worries) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(found), level=1)


# Made on import: see images.cloud.answers.
_decode = msgspec.msgpack.Decoder(dict[str, Began]).decode


def decode(data: bytes | memoryview | None) -> dict[str, Began] | None:
    """None for anything that is not whole: missing, cut short, or of another kind."""
    try:
        return None if data is None else _decode(zlib.decompress(bytes(data)))
    except (msgspec.MsgspecError, zlib.error):
        return None
