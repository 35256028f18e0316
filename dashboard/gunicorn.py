"""gunicorn's settings: `gunicorn --config python:dashboard.gunicorn dashboard.wsgi`.

Named on the command line, so a stray gunicorn.conf.py in the working directory is not read.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.urls import get_resolver

from dashboard import environment, logs
from images.cloud import child, heap

host = environment.text("HOST", "127.0.0.1")
port = environment.number("PORT", 8000, least=1, most=65_535)
bind = f"{f'[{host}]' if ':' in host else host}:{port}"
# Nobody's headers say where the site is mounted, or that they came over https: what a proxy may say
# is up to the middleware, which knows whom to believe (TRUSTED_PROXIES).
forwarder_headers = ""
forwarded_allow_ips = ""
workers = environment.number("WEB_CONCURRENCY", 2, least=1, most=1_000)
# Threads, because a request may wait for the cloud: a sync worker would serve no one meanwhile.
worker_class = "gthread"
threads = 8
timeout = 60
# Stopping and reloading let everyone have their answer first.
graceful_timeout = 60
max_requests = 0
keepalive = 5
# Long queries are links that people send each other; the default is half of this.
limit_request_line = 8190
# Its heartbeat file in memory: on a slow disk the heartbeat itself can stall a worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
errorlog = "-"
loglevel = "warning"


# Where the workers keep what they count, so that each can tell what all did, and what those did
# that have died. In memory, and of this server alone: process ids name the files.
COUNTS = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(server: Any) -> None:
    # It names the address of a request that it cannot read.
    server.log.error_log.addFilter(logs.redact_record)
    # Before anything imports prometheus-client, which looks for it only then.
    os.environ[COUNTS] = tempfile.mkdtemp(prefix="image-dashboard-", dir=worker_tmp_dir)


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ[COUNTS], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    # Imported here, see above.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def post_worker_init(worker: Any) -> None:
    heap.share()
    heap.map_large()
    child.get_ready()
    # What is imported stays. Looking through it for garbage would hold up everyone for 80 ms, again
    # and again; so would the first request, which Django lets import the pages.
    get_resolver().url_patterns  # noqa: B018
    gc.freeze()
    # A page lets go of the interpreter at every query, and waits this long (in seconds) to have it
    # back from a thread that has more to do; at the default of 5 ms ten queries are a pause.
    sys.setswitchinterval(0.0005)
