"""What is done while a file is applied, in lines for people, and what was wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dashboard.provisioning.document import Problem


@dataclass
class Report:
    """`changes` begin with +, ~ or -; `links` are the addresses to write, by file."""

    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    links: dict[Path, str] = field(default_factory=dict, repr=False)

    @contextmanager
    def problem_noted(self) -> Iterator[None]:
        """Go on after a problem, so that people learn of all there are at once."""
        try:
            yield
        except Problem as problem:
            self.problems.append(problem)
