"""`manage.py apply`: a file of teams, members, tokens and display links."""

from __future__ import annotations

import io
import json
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from dashboard.audit.models import AuditEntry
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.displays.models import Display
from dashboard.people import teams
from dashboard.people.models import Membership, Team, User
from dashboard.tokens import vault
from dashboard.tokens.models import RotationSecret, State, Token
from images.sandbox import Fault, Sandbox
from tests.liar import REGIONS, Liar, answer

pytestmark = pytest.mark.backend

ROOT = Path(__file__).parents[3]
BY = Actor("test")
PEOPLE = ("ann", "bob", "duty")
SECRETS = {f"Token {number}": f"{number}e" * 32 for number in range(4)}
PATIENCE = 20.0
BASE = """
teams:
  blue:
    name: Blue team
    members:
      ann: admin
      bob: viewer
    tokens:
      Main:
        owner: bob
        secret_file: main
    displays:
      Duty room: {token: Main, query: region=bj, link_file: duty.link}
"""


class Folder:
    """A folder with a file of teams and the secrets that it points to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def secret(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{text}\n")

    def apply(self, text: str, *options: str) -> str:
        file = self.path / "teams.yaml"
        file.write_text(text)
        out, err = io.StringIO(), io.StringIO()
        call_command("apply", str(file), *options, stdout=out, stderr=err, no_color=True)
        return out.getvalue() + err.getvalue()

    def refused(self, text: str, *options: str) -> str:
        """What is said, of which no line names the folder."""
        with pytest.raises(CommandError) as caught:
            self.apply(text, *options)
        assert caught.value.returncode == 1
        return str(caught.value).replace(f"{self.path}/", "")


@pytest.fixture
def people() -> dict[str, User]:
    return {name: User.objects.create_user(name) for name in PEOPLE}


@pytest.fixture
def folder(tmp_path: Path, cloud: Sandbox, people: dict[str, User]) -> Folder:
    made = Folder(tmp_path)
    made.secret("main", cloud.token)
    return made


def rows() -> list[list[object]]:
    kinds = (Team, Membership, Token, RotationSecret, Display, AuditEntry)
    return [list(kind._default_manager.order_by("pk").values()) for kind in kinds]


def test_the_documents_sample_is_applied_and_its_link_opens(
    folder: Folder, cloud: Sandbox, anonymous: Client, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://images.example.com"
    text = (ROOT / "docs" / "provisioning.md").read_text("utf-8")
    sample = text.partition("```yaml\n")[2].partition("```")[0]
    folder.secret("secrets/production", cloud.token)
    folder.secret("secrets/staging", cloud.other_token)

    said = folder.apply(sample)

    assert said.splitlines() == [
        "+ blue: team 'Blue team'",
        "+ blue: ann is admin",
        "+ blue: bob is viewer",
        "+ blue: duty is console",
        f"+ blue: token 'Production ····{cloud.token[-4:]}' of ann",
        f"+ blue: token 'Staging ····{cloud.other_token[-4:]}' of bob",
        "+ blue: display link 'Duty room', in 'duty-room.link'",
        "+ red: team 'Red team'",
        "+ red: ann is admin",
        "Changed: 9.",
    ]
    assert {entry.actor for entry in AuditEntry.objects.all()} == {"manage.py (command)"}
    link = folder.path / "duty-room.link"
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    address = link.read_text().strip()
    assert address.startswith("https://images.example.com/display/")
    page = anonymous.get(address.removeprefix("https://images.example.com"))
    assert page.status_code == 200
    before = rows()
    assert folder.apply(sample) == "Nothing to change.\n"
    assert rows() == before


def test_new_secrets_are_tried_side_by_side(folder: Folder, settings: Settings) -> None:
    """The cloud answers none of them before it has been asked about all."""
    together = threading.Barrier(len(SECRETS), timeout=PATIENCE)

    def regions(asked: object) -> bytes:
        together.wait()
        return answer(REGIONS)

    for name, secret in SECRETS.items():
        folder.secret(name, secret)
    tokens = {name: {"owner": "bob", "secret_file": name} for name in SECRETS}
    members = {"ann": "admin", "bob": "viewer"}
    team = {"name": "Blue team", "members": members, "tokens": tokens}
    with Liar() as liar:
        liar.replies["region/list"] = regions
        settings.DIDIYUN_API_URL = liar.url
        assert "Changed: 7." in folder.apply(json.dumps({"teams": {"blue": team}}))

    states = Token.objects.values_list("label", "last_four", "state")
    assert set(states) == {(name, each[-4:], State.VALID) for name, each in SECRETS.items()}


def test_a_dry_run_says_the_same_and_changes_nothing(folder: Folder) -> None:
    before = rows()

    said = folder.apply(BASE, "--dry-run")

    assert rows() == before
    assert not (folder.path / "duty.link").exists()
    done = folder.apply(BASE)
    assert said.splitlines()[:-1] == done.splitlines()[:-1]
    assert said.splitlines()[-1] == "To change: 5. Nothing was changed."


def test_what_the_file_does_not_list_is_left_alone(
    folder: Folder, people: dict[str, User], cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    folder.apply(BASE)
    blue = Team.objects.get()
    teams.set_role(blue, people["duty"], "console", by=BY)
    other = keep(people["ann"], cloud.other_token, "Other", team=blue)
    links.make(blue, other, "Hall", query="", days=7, language="en", by=BY)

    assert folder.apply(BASE) == "Nothing to change.\n"
    assert folder.apply("teams: {blue: {}}") == "Nothing to change.\n"
    assert blue.memberships.count() == 3
    assert blue.displays.working().count() == blue.tokens.count() == 2


def test_only_what_is_listed_where_the_file_says_so(
    folder: Folder, people: dict[str, User], cloud: Sandbox, keep: Callable[..., Token]
) -> None:
    """Tokens are left even then: they come to the heir with whatever is made of them."""
    folder.apply(BASE)
    blue = Team.objects.get()
    text = (
        "teams: {blue: {only_listed: [members, displays], displays: {}, members: {ann: admin}%s}}"
    )

    said = folder.refused(text % "")
    assert "teams.yaml:1: bob may not keep what they made for the team (tokens: 1)" in said
    assert blue.memberships.count() == 2
    said = folder.apply(text % ", heir: ann")

    assert "- blue: bob is no longer a member" in said
    assert "- blue: display link 'Duty room' is revoked" in said
    assert Token.objects.get(team=blue).owner == people["ann"]
    assert [each.user for each in blue.memberships.all()] == [people["ann"]]
    assert not blue.displays.working().exists()


def test_roles_names_days_and_use_follow_the_file(folder: Folder, people: dict[str, User]) -> None:
    folder.apply(BASE)

    said = folder.apply(
        """
teams:
  blue:
    name: Blues
    members: {Ann: viewer, bob: admin}
    tokens:
      main: {owner: BOB, expires_on: 2099-01-31, disabled: true}
"""
    )

    assert said.splitlines()[:-1] == [
        "~ blue: is called 'Blues', was 'Blue team'",
        "~ blue: bob was viewer, becomes admin",
        "~ blue: ann was admin, becomes viewer",
        f"~ blue: token '{Token.objects.get()}' expires 2099-01-31",
        f"~ blue: token '{Token.objects.get()}' is disabled",
    ]
    again = "teams: {blue: {tokens: {Main: {owner: bob, expires_on: never, disabled: false}}}}"
    assert "Changed: 2." in folder.apply(again)
    token = Token.objects.get()
    assert (token.expires_on, token.disabled_at) == (None, None)


def test_a_new_secret_takes_the_place_of_the_old_one_which_is_kept_for_a_day(
    folder: Folder, cloud: Sandbox
) -> None:
    folder.apply(BASE)
    token = Token.objects.get()
    successor = cloud.token[::-1]
    cloud.accounts[successor] = cloud.accounts[cloud.token]
    folder.secret("main", successor)

    said = folder.apply(BASE)

    assert f"has a new secret ····{successor[-4:]}" in said
    token.refresh_from_db()
    assert vault.unseal(token.sealed, token.pk) == successor
    previous = RotationSecret.objects.get(kind="previous")
    assert vault.unseal(previous.sealed, previous.pk) == cloud.token


def test_a_secret_of_another_account_is_not_put_in_use(folder: Folder, cloud: Sandbox) -> None:
    folder.apply(BASE)
    folder.secret("main", cloud.other_token)

    said = folder.refused(BASE)

    assert "teams.yaml:9: The new secret lists another account" in said
    token = Token.objects.get()
    assert vault.unseal(token.sealed, token.pk) == cloud.token


def test_a_refused_secret_leaves_all_the_rest_undone_and_is_noted(folder: Folder) -> None:
    folder.secret("main", "f" * 64)

    assert "Not saved" in folder.refused(BASE, "--dry-run")
    assert not AuditEntry.objects.exists()
    said = folder.refused(BASE)

    assert said.startswith("teams.yaml:9: Not saved. The cloud does not accept this token")
    assert said.endswith("\nNothing was applied.")
    assert "f" * 12 not in said
    assert not Team.objects.exists()
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.result) == ("token.add", "refused")


def test_a_bad_secret_never_replaces_a_good_one(folder: Folder, cloud: Sandbox) -> None:
    folder.apply(BASE)
    folder.secret("main", "f" * 64)

    assert "teams.yaml:9: Not replaced." in folder.refused(BASE)
    token = Token.objects.get()
    assert vault.unseal(token.sealed, token.pk) == cloud.token


def test_a_token_that_could_not_be_tried_is_stored_with_a_warning(
    folder: Folder, cloud: Sandbox
) -> None:
    cloud.misbehave(Fault("html"))

    assert "is unverified." in folder.apply(BASE)
    assert Token.objects.get().state == State.UNVERIFIED
    assert folder.apply(BASE) == "Nothing to change.\n"


def test_a_token_comes_from_another_team_unless_a_wall_there_would_go_dark(
    folder: Folder, people: dict[str, User]
) -> None:
    folder.apply(BASE)
    moved = "teams: {red: {name: Red, members: {bob: viewer}, tokens: {Main: {owner: bob}}}}"

    assert "Its display links would be revoked." in folder.refused(moved)
    Display.objects.get().revoke(by=BY)

    assert "comes from blue" in folder.apply(moved)
    assert str(Token.objects.get().team) == "Red"


TEAM = "teams:\n  blue:\n    name: Blue\n"
WRONG = {
    "no file of teams": ("", 1, "The file is empty"),
    "not YAML": ("teams: {blue: [}", 1, "Not YAML"),
    "a tag": ("teams: !!python/object/apply:os.system [id]", 1, "Tags (!name) are not supported"),
    "an alias": ("teams:\n  a: &x {}\n  b: *x", 3, "Aliases (*name) are not supported"),
    "too deep": ("[" * 5000, 1, "nested too deeply"),
    "a key twice": (f"{TEAM}    name: Red\n", 4, "'name' is here twice"),
    "a list for names": ("teams: [blue]", 1, "Expected object, got array"),
    "two documents": ("teams: {}\n---\nteams: {}\n", 2, "Not YAML"),
    "a control character": ("teams:\n  \x07: x", 2, "a character that YAML does not allow"),
    "an unknown key": (f"{TEAM}    people: {{}}\n", 4, "'people' is not known here"),
    "an unknown part": ("team: {}", 1, "'team' is not known here. Known are teams"),
    "an address": ("teams:\n  a b: {name: x}", 2, "'a b' is no address of a team"),
    "no name": ("teams:\n  blue: {}", 2, "A new team needs a name"),
    "an unseen name": ("teams:\n  blue: {name: '\u200b'}", 2, "Use at least one letter"),
    "a role": (f"{TEAM}    members:\n      ann: boss\n", 5, "A role is one of viewer, admin"),
    "nobody": (f"{TEAM}    members:\n      eve: admin\n", 5, "There is no user 'eve'"),
    "the same person twice": (
        f"{TEAM}    members:\n      ann: admin\n      ANN: viewer\n",
        6,
        "'ANN' is here twice",
    ),
    "no last admin": (
        "teams:\n  red:\n    members:\n      ann: viewer\n",
        4,
        "ann is the team's last admin",
    ),
    "nothing listed of what is only listed": (
        "teams:\n  red:\n    only_listed: [members]\n",
        3,
        "only_listed: there is no members here",
    ),
    "a token without a secret": (
        f"{TEAM}    members: {{ann: admin}}\n    tokens:\n      x: {{owner: ann}}\n",
        6,
        "A new token needs a secret_file",
    ),
    "a token of somebody outside": (
        f"{TEAM}    tokens:\n      x: {{owner: bob, secret_file: main}}\n",
        5,
        "'bob' may not add tokens to the team",
    ),
    "a secret that is not there": (
        f"{TEAM}    tokens:\n      x: {{owner: ann, secret_file: nowhere}}\n",
        5,
        "secret_file: 'nowhere' cannot be used: there is no such file",
    ),
    "a secret in place of its file": (
        f"{TEAM}    tokens:\n      x: {{owner: ann, secret_file: {'5ec2e7' * 10}}}\n",
        5,
        "secret_file: What looks like a secret cannot be used",
    ),
    "a secret in the file": (
        f"{TEAM}    tokens:\n      x: {{owner: ann, secret: {'5ec2e7' * 10}}}\n",
        5,
        "'secret' is not known here",
    ),
    "a secret for a label": (
        f"{TEAM}    members: {{ann: admin}}\n"
        f"    tokens:\n      {'5ec2e7' * 10}: {{owner: ann, secret_file: main}}\n",
        6,
        "This looks like a token. Do not put it in the label",
    ),
    "no text": (
        f"{TEAM}    tokens:\n      x: {{owner: ann, secret_file: noise}}\n",
        5,
        "it is no text",
    ),
    "a day": (
        f"{TEAM}    tokens:\n      x:\n        owner: ann\n        expires_on: tomorrow\n",
        7,
        "a day such as 2027-01-31",
    ),
    "a day that is over": (
        f"{TEAM}    members: {{ann: admin}}\n"
        "    tokens:\n      x: {owner: ann, secret_file: main, expires_on: 2020-01-01}\n",
        6,
        "This date is in the past",
    ),
    "neither true nor false": (
        f"{TEAM}    tokens:\n      x: {{owner: ann, disabled: maybe}}\n",
        5,
        "disabled: Expected bool",
    ),
    "a wall of no token": (
        f"{TEAM}    displays:\n      x: {{token: Main, link_file: y}}\n",
        5,
        "the team has no token with the label 'Main'",
    ),
    "a link without a file": (
        f"{TEAM}    displays:\n      x: {{token: Main}}\n",
        5,
        "missing required field link_file",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told_with_its_line_and_nothing_is_applied(
    folder: Folder, people: dict[str, User], wrong: str
) -> None:
    text, line, said = WRONG[wrong]
    teams.set_role(teams.create("Red", by=BY), people["ann"], "admin", by=BY)
    (folder.path / "noise").write_bytes(b"\xff\xfe" * 40)
    before = rows()

    told = folder.refused(text)

    assert f"teams.yaml:{line}: " in told
    assert said in told
    assert told.endswith("Nothing was applied.")
    assert "5ec2e75ec2e7" not in told
    assert rows() == before


def test_everything_that_is_wrong_is_told_at_once(folder: Folder) -> None:
    told = folder.refused(
        "teams:\n  a: {name: A, members: {eve: admin}}\n  b: {name: B, members: {eva: admin}}"
    )
    assert told.count("There is no user") == 2


def test_a_file_that_is_too_large_or_not_there(folder: Folder) -> None:
    assert "teams.yaml:1: The file is larger than 1024 KiB" in folder.refused("#" * 1_100_000)
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("apply", str(folder.path / "nowhere.yaml"))


@pytest.mark.parametrize("in_the_way", ["a file", "no folder"])
def test_a_link_whose_file_cannot_be_written_is_not_made(folder: Folder, in_the_way: str) -> None:
    if in_the_way == "a file":
        folder.secret("duty.link", "something else")
        said = folder.refused(BASE)
        assert "link_file: 'duty.link' is there already" in said
    else:
        said = folder.refused(BASE.replace("duty.link", "nowhere/duty.link"))
        assert "its folder is missing or closed" in said
    assert not Display.objects.exists()


def test_a_link_that_shows_something_else_is_not_quietly_another(folder: Folder) -> None:
    folder.apply(BASE)

    said = folder.refused(BASE.replace("region=bj", "region=gz"))

    assert "teams.yaml:13: A link of this title shows something else" in said
