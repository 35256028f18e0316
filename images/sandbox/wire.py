"""How an answer goes out over the connection, well or badly."""

import os
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from images.sandbox.faults import Fault
from images.sandbox.messages import Answer


def send(
    handler: BaseHTTPRequestHandler,
    answer: Answer,
    fault: Fault | None = None,
    cleared: threading.Event | None = None,
) -> None:
    """Send the answer in the manner of the fault; one that waits stops on `cleared`."""
    manner = MANNERS.get(fault.kind) if fault else None
    if manner and fault and cleared:
        manner(handler, answer, fault, cleared)
    else:
        well(handler, answer)


def well(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    head(handler, answer)
    for chunk in answer.chunks:
        handler.wfile.write(chunk)


def head(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.send_response(answer.status)
    for name, value in answer.headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(answer.length))
    handler.end_headers()


def reset(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, cleared: threading.Event
) -> None:
    handler.close_connection = True
    linger_not = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
    # close() would wait for the handler's files; a reset has to leave at once.
    os.close(handler.connection.detach())


def reset_in_body(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, cleared: threading.Event
) -> None:
    short_body(handler, answer, fault, cleared)
    handler.wfile.flush()
    reset(handler, answer, fault, cleared)


def short_body(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, cleared: threading.Event
) -> None:
    handler.close_connection = True
    head(handler, answer)
    handler.wfile.write(answer.half)


def hang(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, cleared: threading.Event
) -> None:
    handler.close_connection = True
    cleared.wait()


def drip(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, cleared: threading.Event
) -> None:
    handler.close_connection = True
    head(handler, answer)
    for byte in b"".join(answer.chunks):
        handler.wfile.flush()
        if cleared.wait(fault.seconds):
            return
        handler.wfile.write(bytes((byte,)))


def slow(
    handler: BaseHTTPRequestHandler, answer: Answer, fault: Fault, cleared: threading.Event
) -> None:
    cleared.wait(fault.seconds)
    well(handler, answer)


MANNERS: dict[str, Callable[[BaseHTTPRequestHandler, Answer, Fault, threading.Event], None]] = {
    "reset": reset,
    "reset_in_body": reset_in_body,
    "hang": hang,
    "drip": drip,
    "slow": slow,
    "short_body": short_body,
}
