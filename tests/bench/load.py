"""A load of HTTP requests over kept-alive connections, and how long each took."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from statistics import quantiles

LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Figures:
    """How long each request took, in seconds, and all of them together."""

    took: list[float]
    seconds: float
    failed: int
    size: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.took) / self.seconds

    def percentile(self, part: int) -> float:
        """Milliseconds in which so many of a hundred requests were answered."""
        return quantiles(self.took, n=100)[part - 1] * 1000


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer to the last is whole."""

    def __init__(self, requests: Iterator[bytes], until: float, status: int) -> None:
        self.requests, self.until = requests, until
        self.good = b"HTTP/1.1 %d" % status
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
            self.failed += not self.buffer.startswith(self.good)
            self.size = self.wanted
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


def run(
    port: int,
    paths: list[str],
    headers: dict[str, str],
    *,
    seconds: float,
    connections: int = 8,
    status: int = 200,
) -> Figures:
    """Ask for the paths in turn, over and over, for so many seconds. Other answers than those of
    that status have failed."""
    return asyncio.run(
        _run(port, cycle(_requests(port, paths, headers)), seconds, connections, status)
    )


def once(port: int, paths: list[str], headers: dict[str, str], *, connections: int = 8) -> Figures:
    """Ask for each path once."""
    return asyncio.run(_run(port, iter(_requests(port, paths, headers)), 600, connections, 200))


def together(rounds: Sequence[Figures]) -> Figures:
    """One figure of several rounds. New connections fall to the workers as chance has it, often to
    one of them alone: one round says little."""
    return Figures(
        took=[each for one in rounds for each in one.took],
        seconds=sum(one.seconds for one in rounds),
        failed=sum(one.failed for one in rounds),
        size=max(one.size for one in rounds),
    )


def _requests(port: int, paths: list[str], headers: dict[str, str]) -> list[bytes]:
    fields = {"Host": f"127.0.0.1:{port}", **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return [f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() for path in paths]


async def _run(
    port: int, requests: Iterator[bytes], seconds: float, connections: int, status: int
) -> Figures:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        await loop.create_connection(
            lambda: Connection(requests, started + seconds, status), "127.0.0.1", port
        )
        for _ in range(connections)
    ]
    everyone = [protocol for _, protocol in opened]
    await asyncio.gather(*(protocol.done for protocol in everyone))
    return Figures(
        took=[each for protocol in everyone for each in protocol.took],
        seconds=time.perf_counter() - started,
        failed=sum(protocol.failed for protocol in everyone),
        size=max(protocol.size for protocol in everyone),
    )
