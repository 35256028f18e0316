"""`python -m images.sandbox`: the sandbox cloud as a process of its own."""

import argparse
import signal
import sys
import threading
from typing import get_args

from images.sandbox.cloud import CountMode, Shape
from images.sandbox.life import Life
from images.sandbox.server import Sandbox


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8900, help="0: any free one (default 8900)")
    parser.add_argument("--images", type=int, default=250, help="per region (default 250)")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same cloud (default 1)")
    parser.add_argument("--token", help="the good token (default: made from the seed)")
    parser.add_argument(
        "--count", choices=get_args(CountMode), default="total", help="what `count` tells"
    )
    parser.add_argument(
        "--shape", choices=get_args(Shape), default="object", help="what a list looks like"
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument(
        "--lively", type=float, metavar="SECONDS", help="something changes every so many seconds"
    )
    parser.add_argument("--max-limit", type=int, help="silently lower a `limit` above this")


def run(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM, and return the exit status."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        cloud = Sandbox(
            options.images,
            options.seed,
            port=options.port,
            token=options.token,
            count_mode=options.count,
            shape=options.shape,
            latency=options.latency,
            max_limit=options.max_limit,
        )
    except (OSError, OverflowError) as error:
        print(f"Port {options.port} cannot be used: {error}", file=sys.stderr)
        return 1
    with cloud:
        if options.lively:
            life = Life(cloud, options.seed)
            threading.Thread(target=life.go_on, args=(options.lively, stop), daemon=True).start()
        print(f"Sandbox cloud: {cloud.url} token {cloud.token}", flush=True)
        stop.wait()
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m images.sandbox", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
