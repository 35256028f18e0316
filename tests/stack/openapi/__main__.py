"""`make lint-api`: what Redocly and Spectral say of the API's description, in both languages."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import django
from django.conf import settings
from django.utils import translation

HERE = Path(__file__).parent
PROGRAMS = HERE / "node_modules" / ".bin"
# Every rule that they recommend; warnings fail as well.
COMMANDS: tuple[tuple[str | Path, ...], ...] = (
    (PROGRAMS / "redocly", "lint", "--extends=recommended", "--max-problems=1000"),
    (PROGRAMS / "spectral", "lint", "--fail-severity=warn", "--ruleset", HERE / "spectral.yaml"),
)


def main() -> None:
    django.setup()
    from images.api import urls  # noqa: F401  (makes the endpoints known)
    from images.api.description import document

    with tempfile.TemporaryDirectory() as folder:
        files = []
        for language, _name in settings.LANGUAGES:
            file = Path(folder, f"openapi-{language}.json")
            with translation.override(language):
                file.write_text(json.dumps(document(), indent=1))
            files.append(file)
        failed = [
            subprocess.run([*command, *files], cwd=HERE, check=False).returncode
            for command in COMMANDS
        ]
    sys.exit(any(failed))


if __name__ == "__main__":
    main()
