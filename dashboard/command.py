"""The command of an installed wheel, `image-dashboard`."""

from __future__ import annotations

import argparse
import os
import sys

from dashboard import __version__

HELP = """
  image-dashboard               prepare, then serve: all that one machine needs
  image-dashboard prepare       bring the database and the static files up to date
  image-dashboard serve         serve pages, until stopped
  image-dashboard manage …      everything else: add_user, refresh …; `manage help` lists it
"""
SERVER = ("-m", "gunicorn", "--config", "python:dashboard.gunicorn", "dashboard.wsgi")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    if sys.argv[1:2] == ["manage"]:
        _manage(sys.argv[2:])
        return
    step = _parser().parse_args().step
    if step != "serve":
        _prepare()
    if step != "prepare":
        # In a fresh process image: the server forks, and would hand on what preparing has loaded
        # and opened.
        os.execv(sys.executable, [sys.executable, *SERVER])  # noqa: S606


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="image-dashboard",
        usage=HELP,
        description="A dashboard for the custom machine images of a cloud account.",
    )
    parser.add_argument("step", nargs="?", choices=("prepare", "serve"), help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=__version__)
    return parser


def _manage(arguments: list[str]) -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["image-dashboard manage", *arguments])


def _prepare() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("prepare")
    call_command("collectstatic", interactive=False, verbosity=0)
