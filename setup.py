"""What pyproject.toml cannot say: what is not Python lies beside the packages in a checkout, and
inside the package `dashboard` in a wheel, with the translations compiled."""

from __future__ import annotations

import shutil
from pathlib import Path

import polib
from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
FOLDERS = ("templates", "static", "locale", "requirements")
UNUSED = shutil.ignore_patterns("dev.txt")


class BuildEverything(build_py):
    def run(self) -> None:
        super().run()
        inside = Path(self.build_lib) / "dashboard"
        for folder in FOLDERS:
            shutil.copytree(HERE / folder, inside / folder, ignore=UNUSED, dirs_exist_ok=True)
        for path in inside.glob("locale/*/LC_MESSAGES/django.po"):
            polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))


setup(cmdclass={"build_py": BuildEverything})
