from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from images import os_support

TABLE = Path(os_support.__file__).parent / "table.json"


def table_of(collected: dict[str, Any]) -> dict[str, Any]:
    """Return the project's table: by system its spellings, and by release the two last days."""
    systems: dict[str, Any] = {}
    for row in collected["systems"]:
        system = systems.setdefault(row["system"], {"spellings": [], "releases": {}})
        system["spellings"] = sorted({*system["spellings"], *row["spellings"]})
        ends = [row["standard_end"], row["extended_end"]]
        for end in filter(None, ends):
            date.fromisoformat(end)
        system["releases"][row["release"]] = ends
    date.fromisoformat(collected["as_of"])
    about = {name: collected[name] for name in ("as_of", "source", "licence")}
    return {**about, "systems": dict(sorted(systems.items()))}


def written(table: dict[str, Any]) -> str:
    """Return the table with one release a line, so that a change of it reads well."""
    text = json.dumps(table, ensure_ascii=False, indent=1)
    for end in ("null", '"'):
        text = text.replace(f"[\n     {end}", f"[{end}")
    return text.replace(",\n     ", ", ").replace("\n    ]", "]") + "\n"


def releases_of(table: dict[str, Any]) -> int:
    return sum(len(system["releases"]) for system in table["systems"].values())


class Command(BaseCommand):
    help = (
        "Writes the table of operating systems and their support anew. FILE is JSON as such facts "
        "are collected: as_of, source, licence, and systems, a list of releases with system, "
        "spellings, release, standard_end and extended_end. A file that cannot be read, or has "
        "fewer releases than the table, changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            table = table_of(json.loads(file.read_text()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(f"{file} cannot be read: {error!r}") from None
        now, then = releases_of(table), releases_of(json.loads(TABLE.read_text()))
        if now < then:
            raise CommandError(f"{file} has {now} releases, the table {then}: left as it is")
        TABLE.write_text(written(table))
        systems = len(table["systems"])
        self.stdout.write(f"{now} releases of {systems} systems, as of {table['as_of']}")
