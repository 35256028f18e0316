"""What docs/deployment.md describes, on this machine: two gunicorns, the refresher, and the shipped
nginx configuration with other ports and a certificate of its own.

Over what the other tests stand on too, see `tests.dashboards`.
"""

from __future__ import annotations

import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from images.sandbox import Sandbox
from tests import dashboards
from tests.dashboards import PASSWORD, ROOT, USER
from tests.stack import running
from tests.stack.client import Client
from tests.stack.running import Process

NGINX = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error.log;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;  # as distributions have it
    include {folder}/conf.d/*.conf;
}}
"""


@dataclass
class Deployment:
    """Everything running. `servers` are the gunicorns, by their ports."""

    folder: Path
    http: int
    https: int
    environment: dict[str, str]
    cloud: Sandbox
    servers: dict[int, Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https}"

    def client(self, address: str = "127.0.0.1") -> Client:
        """Somebody at that address of this machine."""
        context = ssl.create_default_context(cafile=str(self.folder / "fullchain.pem"))
        return Client(self.https, context, address)

    def signed_in(self) -> Client:
        client = self.client()
        assert client.sign_in(USER, PASSWORD).status == 302
        return client

    def start(self, *ports: int) -> None:
        for port in ports:
            log = self.folder / f"gunicorn-{port}.log"
            self.servers[port] = running.serve(self.environment, port, log)
        for port in ports:
            running.wait_until_ready(port)

    def logs(self) -> str:
        return "".join(path.read_text("utf-8") for path in self.folder.glob("*.log"))


@contextmanager
def deployment(
    folder: Path, images: int = 60, closed: tuple[str, ...] = (), **variables: str
) -> Iterator[Deployment]:
    """`closed` are patterns of addresses that its nginx does not pass on."""
    ports = [running.free_port() for _ in range(4)]
    with (
        Sandbox(images=images, seed=1, clock=lambda: 1_700_000_000.0) as cloud,
        dashboards.backends() as addresses,
        ExitStack() as ending,
    ):
        environment = os.environ | addresses
        environment |= {
            "VAR_DIR": str(folder / "var"),
            "PUBLIC_URL": f"https://localhost:{ports[1]}",
            "DIDIYUN_API_URL": cloud.url,
            **variables,
        }
        here = Deployment(folder, ports[0], ports[1], environment, cloud)
        _fill(here)
        ending.callback(lambda: [running.stop(server) for server in here.servers.values()])
        here.start(*ports[2:])
        refresher = running.refresh(environment, folder / "refresher.log")
        ending.callback(running.stop, refresher)
        nginx = _start_nginx(here, ports[2:], closed)
        ending.callback(running.stop, nginx)
        running.wait_until_listening(here.https)
        yield here
        assert refresher.poll() is None
        assert nginx.poll() is None


def _fill(here: Deployment) -> None:
    dashboards.manage(
        here.environment,
        (("prepare",), ""),
        (("add_user", USER, "--admin"), PASSWORD),
        (("add_token", "--user", USER, "--label", "Main"), here.cloud.token),
    )


def _start_nginx(here: Deployment, ports: list[int], closed: tuple[str, ...]) -> Process:
    folder = here.folder
    (folder / "nginx.conf").write_text(
        NGINX.format(folder=folder, user="user root;" if os.getuid() == 0 else "")
    )
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"),
        ],
        check=True,
        capture_output=True,
    )
    changes = {
        "listen 80;": f"listen 127.0.0.1:{here.http};",
        "listen 443 ": f"listen 127.0.0.1:{here.https} ",
        "images.example.com": "localhost",
        "/etc/nginx/tls/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "location = /readyz": "".join(f"location ~ ^{each} {{ return 404; }}\n" for each in closed)
        + "location = /readyz",
        "127.0.0.1:8001": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:8002": f"127.0.0.1:{ports[1]}",
    }
    (folder / "conf.d").mkdir()
    for path in (ROOT / "deploy" / "nginx").glob("*.conf"):
        text = path.read_text("utf-8")
        for shipped, here_instead in changes.items():
            text = text.replace(shipped, here_instead)
        (folder / "conf.d" / path.name).write_text(text, "utf-8")
    command = ["nginx", "-e", f"{folder}/nginx.error.log", "-c", f"{folder}/nginx.conf"]
    everywhere = {"PATH": os.environ["PATH"] + ":/usr/sbin"}
    return subprocess.Popen(command, env=os.environ | everywhere)
