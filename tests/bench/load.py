"""A load of HTTP requests over kept-alive connections, and how long each took."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from statistics import quantiles

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Figures:
    """Requests a second, and latencies in milliseconds."""

    rate: float
    p50: float
    p95: float
    p99: float
    failed: int
    size: int


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last is whole."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.requests, self.until = requests, until
        self.took: list[float] = []
        self.failed = self.size = 0
        self.done = asyncio.get_running_loop().create_future()
        self.buffer = bytearray()
        self.wanted = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.buffer.clear()
        self.wanted = -1
        self.started = time.perf_counter()
        if self.started >= self.until or (request := next(self.requests, None)) is None:
            self.transport.close()
            return
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.wanted < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            length = LENGTH.search(self.buffer, 0, end)
            self.wanted = end + 4 + (int(length[1]) if length else 0)
        if len(self.buffer) >= self.wanted:
            self.took.append(time.perf_counter() - self.started)
            self.failed += not self.buffer.startswith(b"HTTP/1.1 200")
            self.size = self.wanted
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def run(
    port: int, paths: list[str], headers: dict[str, str], *, seconds: float, connections: int = 8
) -> Figures:
    """Ask for the paths in turn, over and over, for so many seconds."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode() for path in paths]
    return asyncio.run(_run(port, cycle(requests), seconds, connections))


def once(port: int, paths: list[str], headers: dict[str, str], *, connections: int = 8) -> Figures:
    """Ask for each path once."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    requests = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode() for path in paths]
    return asyncio.run(_run(port, iter(requests), 600, connections))


async def _run(port: int, requests: Iterator[bytes], seconds: float, connections: int) -> Figures:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        await loop.create_connection(
            lambda: Connection(requests, started + seconds), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    everyone = [protocol for _, protocol in opened]
    await asyncio.gather(*(protocol.done for protocol in everyone))
    took = sorted(each for protocol in everyone for each in protocol.took)
    cuts = quantiles(took, n=100)
    return Figures(
        rate=len(took) / (time.perf_counter() - started),
        p50=cuts[49] * 1000,
        p95=cuts[94] * 1000,
        p99=cuts[98] * 1000,
        failed=sum(protocol.failed for protocol in everyone),
        size=max(protocol.size for protocol in everyone),
    )
