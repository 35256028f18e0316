"""`manage.py sandbox`: the same as `python -m images.sandbox`."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from images.sandbox.__main__ import add_arguments, run


class Command(BaseCommand):
    help = "Run the sandbox cloud, a stand-in for the vendor's API, on the loopback."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(run(argparse.Namespace(**options)))
