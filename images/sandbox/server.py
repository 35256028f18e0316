"""The cloud on a socket: an HTTP server on the loopback, one thread a connection."""

import socket
import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, Unpack

from images.sandbox import api, wire
from images.sandbox.cloud import Cloud, Settings
from images.sandbox.control import control
from images.sandbox.faults import spoil
from images.sandbox.messages import read_request


class Sandbox(Cloud):
    """A stand-in for the vendor's API, answering from the moment it is made until `stop()`.

        with Sandbox(images=250, seed=1) as cloud:
            ask(cloud.url, cloud.token)

    images      per region; the other account has a fifth of that
    seed        the same seed, the same images and tokens
    port        0: any free one
    count_mode  what `count` tells: "total", of the "page", or "wrong" (neither)
    shape       "object": {"count", "items"}, or a bare "array"
    max_limit   a `limit` above it is silently lowered
    latency     seconds before each answer
    clock       seconds; the jobs go on by it
    """

    def __init__(
        self, images: int = 250, seed: int = 1, *, port: int = 0, **settings: Unpack[Settings]
    ) -> None:
        super().__init__(images, seed, **settings)
        self._server = Server(self, port)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        # The interval is how long stop() may have to wait.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="sandbox", daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Close the port and every connection, also those that hang. May be called twice."""
        if self.stopped.is_set():
            return
        self.stopped.set()
        self._server.shutdown()
        self.clear_faults()
        self._server.server_close()
        self._server.close_connections()
        self._thread.join()


class Server(ThreadingHTTPServer):
    # A client that opens many connections at once must not wait for the accept loop.
    request_queue_size = 128

    def __init__(self, cloud: Cloud, port: int) -> None:
        self.cloud = cloud
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # HTTPServer looks its own name up here, which takes seconds where no resolver answers.
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """Wakes the threads that wait for the next request of a kept-alive connection."""
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that goes away: that is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Headers and body in one packet.
    wbufsize = 65_536
    server: Server

    def answer(self) -> None:
        cloud = self.server.cloud
        body = self.rfile.read(self._length())
        if self.path.startswith("/sandbox/"):
            wire.send(self, control(cloud, self.command, self.path, body))
            return
        request = read_request(self.command, self.path, self.headers.get("Authorization", ""), body)
        with cloud.lock:
            cleared = cloud.cleared
            fault = cloud.fault_for(request)
            answer = api.answer(cloud, request)
        if fault:
            answer = spoil(fault, answer, request)
        answered = not fault or fault.kind not in ("hang", "reset")
        cloud.record(request, answer.status if answered else 0)
        if cloud.latency:
            cloud.stopped.wait(cloud.latency)
        wire.send(self, answer, fault, cleared)

    def _length(self) -> int:
        told = self.headers.get("Content-Length", "0")
        return int(told) if told.isdecimal() else 0

    # http.server finds a method by these names.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Nothing: `cloud.calls` is the log."""
