"""A cloud that says whatever a test tells it to, byte by byte. The sandbox is honest but for its
faults."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self

REGIONS = [{"id": "bj", "name": "Beijing", "zone": [{"id": "bj01", "name": "One"}]}]
IMAGE = {"cimgUuid": "f" * 32, "name": "web", "status": "Ready", "size": 3}

Reply = Callable[[dict[str, Any]], bytes]


def answer(data: object, **envelope: object) -> bytes:
    """A good answer with this data, unless the envelope says something else."""
    good = {"errno": 0, "errmsg": "ok", "requestId": "e" * 32, "data": data}
    return json.dumps({**good, **envelope}).encode()


def page(asked: dict[str, Any], images: list[Any]) -> bytes:
    """What an honest cloud answers to cimg/list."""
    start = asked["start"]
    items = images[start : start + asked["limit"]]
    return answer({"count": len(images), "items": items})


class Liar:
    """Answers from the moment it is made until `stop()`. `replies` are by the last two parts of an
    address: each makes a body of what it was asked; `calls` are the addresses that were asked."""

    def __init__(self) -> None:
        self.token = "7e" * 32
        self.calls: list[str] = []
        self.replies: dict[str, Reply] = {
            "region/list": lambda asked: answer(REGIONS),
            "cimg/list": lambda asked: page(asked, [IMAGE]),
            "i/result": lambda asked: answer([]),
        }
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = 65_536

            def reply(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                asked = json.loads(self.rfile.read(length) or b"{}")
                endpoint = "/".join(self.path.partition("?")[0].split("/")[-2:])
                liar.calls.append(endpoint)
                body = liar.replies[endpoint](asked)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = reply  # noqa: N815

            def log_message(self, *args: Any) -> None:
                """Nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
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
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a reader that has had enough goes away."""
