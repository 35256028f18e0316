"""The images of one region as bytes: how they leave the process that read them, and are stored."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from images.cloud.records import Image, Sharing

# Encoded and decoded this many at a time: each piece stops every other thread of the process.
PIECE_IMAGES = 500

# Made on import: see images.cloud.answers.
_decode_images = msgspec.msgpack.Decoder(list[Image]).decode
_decode_pieces = msgspec.msgpack.Decoder(list[bytes]).decode


def encode_images(images: Sequence[Image]) -> list[bytes]:
    return [
        msgspec.msgpack.encode(images[start : start + PIECE_IMAGES])
        for start in range(0, len(images), PIECE_IMAGES)
    ]


def version_of(pieces: Sequence[bytes]) -> str:
    """Return the same for the same images: what did not change need not be loaded again."""
    digest = hashlib.blake2b(digest_size=12)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def encode_body(pieces: Sequence[bytes]) -> bytes:
    # Each by itself, so that whoever decodes them has one at a time in memory.
    # Level 1: images of one account repeat each other, more effort gains little and costs seconds.
    return msgspec.msgpack.encode([zlib.compress(piece, level=1) for piece in pieces])


def decode_body(data: object, held: Iterable[Image] = ()) -> list[Image] | None:
    """None for anything that is not a whole body: missing, cut short, or of another kind.

    `held` are images of the same region: those that have not changed are used again, so that what
    is held and what comes are not both in memory."""
    try:
        if not isinstance(data, bytes):
            return None
        known = {image.uuid: image for image in held}
        images, sharing = [], Sharing()
        for piece in _decode_pieces(data):
            decoded = _decode_images(zlib.decompress(piece))
            part = [_as_held(image, known) for image in decoded]
            sharing.share(part)
            images += part
        return images
    except (msgspec.MsgspecError, zlib.error):
        return None


def _as_held(image: Image, known: Mapping[str, Image]) -> Image:
    held = known.get(image.uuid)
    return held if held == image else image
