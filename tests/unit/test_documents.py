"""The documents say what is so: what can be held against the code is held against it here."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from dashboard import quotas
from dashboard.observing import logs
from dashboard.people import sign_in_log
from images import fields, forms, grammar
from images.api.description import document
from images.cloud import answers, cleaning, client, errors, jobs, listing, values
from images.fragments import SHOWN_TAGS
from images.history import recording
from images.search import index
from images.views.list.filters import MOST_VALUES

ROOT = Path(__file__).parents[2]
MIB = client.MIB
# Modules of these are called as commands, tags and locales are, or are numbered.
UNNAMED = {"commands", "templatetags", "formats", "migrations"}
FOLDERS = sorted(
    str(path.parent.relative_to(ROOT))
    for top in ("dashboard", "images")
    for path in (ROOT / top).rglob("__init__.py")
    if not UNNAMED.intersection(path.parts)
)
# What is in every folder of Django's, or said by what is said of the folder or of another module.
UNSAID = {f"{name}.py" for name in ("__init__", "__main__", "apps", "urls", "models", "admin")}
FAMILIES = ("forms.py", "views.py")


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def the_house() -> str:
    return text("CONTRIBUTING.md").split("```")[1]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_house_has_a_place_for_every_module(folder: str) -> None:
    named = set(re.findall(r"\w+\.py", the_house()))
    modules = {path.name for path in (ROOT / folder).glob("*.py")} - UNSAID
    assert f"{Path(folder).name}/" in the_house()
    found = {name for name in modules if not name.endswith(FAMILIES)}

    assert sorted(found - named) == []


def test_the_house_has_no_module_that_is_gone() -> None:
    there = {path.name for top in ("dashboard", "images", "tests") for path in walk(top)}
    there |= {path.name for path in ROOT.glob("*.py")}

    assert set(re.findall(r"(?<![*\w])\w+\.py", the_house())) - there == set()


def walk(top: str) -> list[Path]:
    return list((ROOT / top).rglob("*.py"))


def test_each_dependency_has_its_reason() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    wanted += [each for extra in extras for each in extra]
    # A group may name another group.
    names = {re.split(r"[\[<>=]", each)[0] for each in wanted if isinstance(each, str)}
    said = text("CONTRIBUTING.md").partition("## Why each dependency")[2].lower()
    # Types of what has its reason there, and what is said of together.
    unsaid = {name for name in names if name not in said and not name.startswith("types-")}

    assert unsaid <= {
        "opentelemetry-exporter-otlp-proto-http",
        "opentelemetry-instrumentation-django",
        "opentelemetry-instrumentation-requests",
    }


@pytest.mark.parametrize(
    ("row", "names"),
    [
        ("| {} | a facet's value", fields.FACETS),
        ("| `sort` | {};", fields.SORTS),
        (
            "| `columns` | the columns to show, in order, after the name; repeatable: {} |",
            fields.COLUMNS,
        ),
    ],
)
def test_the_query_is_as_the_readme_has_it(row: str, names: Mapping[str, object]) -> None:
    assert row.format(" ".join(f"`{name}`" for name in names)) in text("README.md")


QUOTAS = quotas.QUOTAS
# What stands in a row of SECURITY.md's tables, by the beginning of the row.
BOUNDS = {
    "one listing": f"`UPSTREAM_DEADLINE_SECONDS` ({settings.UPSTREAM_DEADLINE_SECONDS} s)",
    "one answer": f"{client.MAX_ANSWER_BYTES // MIB} MiB; {client.SMALL_ANSWER_BYTES // MIB} MiB",
    "regions of a token": f"{listing.MAX_REGIONS}",
    "images of a token": f"`UPSTREAM_MAX_IMAGES` ({settings.UPSTREAM_MAX_IMAGES:,})",
    "their lists": f"`UPSTREAM_MAX_MB` ({settings.UPSTREAM_MAX_MB} MiB)",
    "one image": f"{listing.MAX_IMAGE_BYTES // 1024} KiB",
    "what images take": f"`UPSTREAM_IMAGE_KB` ({settings.UPSTREAM_IMAGE_KB} KiB)",
    "members of one of its lists": f"{values.MAX_MEMBERS}",
    "jobs of one answer": f"{jobs.MAX_JOBS:,}",
    "the process that reads": f"({settings.UPSTREAM_MEMORY_MB // 1024} GiB)",
    "names, other ids": f"{cleaning.MAX_NAME} characters",
    "a description": f"{cleaning.MAX_DESCRIPTION:,} characters",
    "`errmsg`": f"{cleaning.MAX_ERRMSG} characters",
    "an `errno`": f"{answers.MAX_ERRNO.bit_length() + 1} bits",
    "changes of one region": f"{recording.MOST_CHANGES:,}; the newest {recording.KEPT_A_KEY:,}",
    "requests of the API": f"({settings.API_REQUESTS_PER_MINUTE})",
    "checks of tokens": f"({settings.TOKEN_CHECKS_PER_MINUTE})",
    "exports": f"({settings.EXPORTS_AT_ONCE})",
    "tokens, saved views": f"{QUOTAS['tokens']}, {QUOTAS['views']}, {QUOTAS['keys']}",
    "display links": f"{QUOTAS['displays']}, {QUOTAS['invitations']}",
    "values of a facet": f"{MOST_VALUES:,}; {SHOWN_TAGS}",
    "values of one parameter": f"{forms.MAX_VALUES}, {grammar.MAX_LENGTH} characters",
    "what a worker holds": f"({settings.INVENTORY_MEMORY_MB} MiB); of answers and their questions "
    f"{(index.CACHE_BYTES + index.IMAGE_CACHE_BYTES) // MIB} MiB a token, and "
    f"{forms.REMEMBERED_BYTES // MIB} MiB",
    "failed sign-ins": f"{sign_in_log.FAILED_AN_HOUR} an hour",
    "a text in a line": f"{logs.LONGEST:,} characters",
}


@pytest.mark.parametrize("beginning", BOUNDS)
def test_a_bound_is_as_the_document_has_it(beginning: str) -> None:
    rows = [row for row in text("SECURITY.md").splitlines() if row.startswith(f"| {beginning}")]

    [row] = rows
    assert BOUNDS[beginning] in row


def test_every_metric_is_described_and_no_other() -> None:
    described = text("docs/operations.md").partition("| metric |")[2].partition("\n\n")[0]
    # "`dashboard_jobs_running` `…_stalled`" stands for the second one as well.
    said = set(re.findall(r"`(dashboard_\w+)`", described))
    endings = re.findall(r"`…_(\w+)`", described)
    made = {
        name
        for path in walk("dashboard") + walk("images")
        for name in re.findall(r'"(dashboard_[a-z_]+)"', path.read_text("utf-8"))
    }

    assert {name.removesuffix("_total") for name in said} <= made
    assert {name for name in made if not name.endswith(tuple(endings))} == {
        name.removesuffix("_total") for name in said if not name.endswith(tuple(endings))
    }


def test_the_guide_of_the_api_has_every_endpoint_and_every_failure() -> None:
    reverse("api:page")  # Endpoints are known once the site's addresses are.
    guide = text("docs/api.md").replace("<region>/<cimgUuid>", "{region}/{uuid}")
    failures = {each.kind for each in errors.CloudError.__subclasses__()}

    assert [path for path in document()["paths"] if f"`{path}`" not in guide] == []
    assert [each for each in sorted(failures) if f"`{each}`" not in guide] == []


def test_no_command_of_a_guide_has_a_password_among_its_arguments() -> None:
    """Everyone on the machine can see the arguments of every process."""
    guides = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))
    commands = re.findall(r"^ {4}.*\b(?:pg_\w+|psql|\w+-cli) .*$", guides, re.MULTILINE)

    assert [each for each in commands if "pg_dump " in each]
    assert [each for each in commands if re.search(r"://|_URL|PASS", each)] == []


def test_the_changelog_says_each_thing_once() -> None:
    entries = re.split(r"^- ", text("CHANGELOG.md"), flags=re.MULTILINE)[1:]

    assert [entry for entry, number in Counter(entries).items() if number > 1] == []
