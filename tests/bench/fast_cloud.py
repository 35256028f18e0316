"""A cloud that costs next to nothing: the same images for every token, rendered once.

    .venv/bin/python -m tests.bench.fast_cloud --images 1500

It prints its port. `GET /calls` answers with how often it was asked so far. Who asks with the token
of `--hanging` waits for ever.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

from images.sandbox import Sandbox

REGIONS = ("gz", "bj", "sh")


class Answers:
    """What the cloud says, as bytes."""

    def __init__(self, images: int) -> None:
        self.calls = 0
        cloud = Sandbox(images=images // len(REGIONS), seed=1)
        self._regions = _answer(cloud.regions())
        self._images = {region: cloud.images(region) for region in REGIONS}
        self._pages: dict[tuple[str, int, int], bytes] = {}

    def to(self, path: str, body: bytes) -> bytes:
        if path == "/calls":
            return json.dumps(self.calls).encode()
        self.calls += 1
        if path.endswith("region/list"):
            return self._regions
        asked = json.loads(body)
        page = asked["regionId"], asked["start"], asked["limit"]
        if page not in self._pages:
            region, start, limit = page
            there = self._images[region]
            items = {"count": len(there), "items": there[start : start + limit]}
            self._pages[page] = _answer(items)
        return self._pages[page]


def _answer(data: Any) -> bytes:
    return json.dumps({"errno": 0, "errmsg": "ok", "requestId": "f" * 32, "data": data}).encode()


async def serve(images: int, hanging: str) -> None:
    answers = Answers(images)
    patient = f"bearer {hanging}".encode()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            length, token = 0, b""
            while (line := await reader.readline()).strip():
                name, _, value = line.lower().partition(b":")
                length = int(value) if name == b"content-length" else length
                token = value.strip() if name == b"authorization" else token
            if hanging and token == patient:
                await reader.read()  # Until it goes away.
                break
            answer = answers.to(head.split()[1].decode(), await reader.readexactly(length))
            kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            writer.write(kind + b"%d\r\n\r\n" % len(answer) + answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=1500)
    parser.add_argument("--hanging", default="", metavar="TOKEN")
    options = parser.parse_args()
    asyncio.run(serve(options.images, options.hanging))
