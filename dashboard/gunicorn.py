"""The settings of gunicorn: `gunicorn --config python:dashboard.gunicorn dashboard.wsgi`.

They are named on the command line, so a stray gunicorn.conf.py in the working directory is not
read.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.db import connections
from django.urls import get_resolver

from dashboard import environment
from dashboard.observing import logs
from images.cloud import heap, worker_process

host = environment.text("HOST", "127.0.0.1")
port = environment.number("PORT", 8000, least=1, most=65_535)
bind = f"{f'[{host}]' if ':' in host else host}:{port}"
# gunicorn believes no header about where the site is mounted or whether a request came over https:
# the middleware decides which proxies to believe (TRUSTED_PROXIES).
forwarder_headers = ""
forwarded_allow_ips = ""
workers = environment.number("WEB_CONCURRENCY", 2, least=1, most=1_000)
# Threads, because a request may wait for the cloud: a sync worker would serve no one meanwhile.
worker_class = "gthread"
threads = 8
timeout = 60
# Stopping and reloading wait until requests under way are answered.
graceful_timeout = 60
max_requests = 0
keepalive = 5
# Long queries are links that people send each other; the default is half of this.
limit_request_line = 8190
# The heartbeat file is in memory, because on a slow disk the heartbeat itself can stall a worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
errorlog = "-"
loglevel = "warning"


# The variable with the directory where workers keep their counts, so that each can report those of
# all, also of workers that have ended. It is in memory, and for this server alone because its files
# are named by process ids.
COUNTS = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(server: Any) -> None:
    # This log names the address of a request that gunicorn cannot read.
    server.log.error_log.addFilter(logs.redact_record)
    # Set before anything imports prometheus-client, which reads it only then.
    os.environ[COUNTS] = tempfile.mkdtemp(prefix="image-dashboard-", dir=worker_tmp_dir)


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ[COUNTS], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    # Imported here, because COUNTS must be set before.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def post_worker_init(worker: Any) -> None:
    heap.share()
    heap.map_large()
    worker_process.get_ready()
    # What is imported stays: looking through it for garbage would delay everyone by 80 ms again and
    # again. The pages are imported now, because Django would do so in the first request.
    get_resolver().url_patterns  # noqa: B018
    from dashboard.scheduling import warming  # Django is set up only now.

    warming.warm_up()
    connections.close_all()  # Each thread has its own.
    gc.freeze()
    # A page releases the interpreter at every query, and waits up to this long (in seconds) to get
    # it back from a busy thread; with the default of 5 ms, ten queries would be a noticeable pause.
    sys.setswitchinterval(0.0005)
