"""Settings from the environment: a variable, or the file that its `…_FILE` variable names.

An invalid value raises ImproperlyConfigured.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

Network = IPv4Network | IPv6Network


def _refuse(name: str, why: str) -> NoReturn:
    raise ImproperlyConfigured(f"{name}: {why}")


def text(name: str, default: str = "") -> str:
    path = os.environ.get(f"{name}_FILE")
    if path and name in os.environ:
        _refuse(name, f"set either {name} or {name}_FILE, not both")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            _refuse(f"{name}_FILE", f"cannot be read: {error}")
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False}
    value = text(name, "yes" if default else "no").lower()
    if value not in words:
        _refuse(name, f"{value!r} is neither yes nor no")
    return words[value]


def number(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or not least <= int(value) <= most:
        _refuse(name, f"{value!r} is not a whole number from {least} to {most}")
    return int(value)


def names(name: str) -> list[str]:
    return [member.strip() for member in text(name).split(",") if member.strip()]


def demo(name: str, cloud: str) -> tuple[str, str] | None:
    """Return who signs in to the demo, as "user/password" says, or None where this is none.

    It may only be where the cloud is one on this machine: no real deployment can be a demo.
    """
    value = text(name)
    if not value:
        return None
    user, slash, password = value.partition("/")
    if not (user and slash and password):
        _refuse(name, "is not of the form user/password")
    if urlsplit(cloud).hostname not in ("127.0.0.1", "::1", "localhost"):
        _refuse(name, "only a sandbox cloud on this machine can be shown as a demonstration")
    return user, password


def networks(name: str, default: str) -> list[Network]:
    """Return the comma-separated address ranges, such as 10.0.0.0/8; "none" gives an empty list."""
    value = text(name, default)
    try:
        return [ip_network(member.strip()) for member in value.split(",") if value != "none"]
    except ValueError as error:
        _refuse(name, f"{error}: not addresses such as 10.0.0.0/8 with commas between")


def generated(name: str, path: Path, make: Callable[[], str]) -> str:
    """Return the variable, or else a value made once and kept at `path` for its owner alone."""
    value = text(name)
    if value:
        return value
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make() + "\n")
        try:
            # A link is made entirely or not at all: of two processes starting at once, one wins.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def private_file(path: Path) -> Path:
    """Return `path`, with a file there that, like SQLite's beside it, only its owner can access."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(FileNotFoundError):
            if each.stat().st_mode & 0o077:
                each.chmod(0o600)
    return path
