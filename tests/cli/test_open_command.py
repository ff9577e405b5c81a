"""Deep links, up to the door of the console."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.cli.main import run
from store.demo import build

NOWHERE = ("CR-9999", "#0", "#99999999", "nowhere@7", "prod@yesterday", "fly", "\x1b[2J", "@", "")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opening")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        build.make(folder / "demo", progress=lambda _: None, seed="tests")
    return folder / "demo"


@pytest.mark.parametrize(
    ("link", "screen", "subject"),
    [
        ("CR-0003", "approvals", "CR-0003"),
        ("cr-0003", "approvals", "CR-0003"),
        ("DEP-0005", "lineage", "DEP-0005"),
        ("DR-0001", "drift", "DR-0001"),
        ("INC-0001", "incidents", "INC-0001"),
        ("FND-0001", "findings", "FND-0001"),
        ("INC-0001@-30m", "replay", "INC-0001@-30m"),
        ("#7", "ledger", "#7"),
        ("7", "ledger", "#7"),
        ("prod@CR-0003", "replay", "prod@CR-0003"),
        ("prod@7", "replay", "prod@7"),
        ("drift", "drift", None),
    ],
)
def test_a_deep_link_lands_on_the_right_screen(
    ground: Path, capsys: pytest.CaptureFixture[str], link: str, screen: str, subject: str | None
) -> None:
    assert run(["-w", str(ground), "open", link, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["screen"], found["subject"]) == (screen, subject)


@pytest.mark.parametrize("link", NOWHERE)
def test_a_link_that_leads_nowhere_is_one_line(ground: Path, capsys: pytest.CaptureFixture[str], link: str) -> None:
    assert run(["-w", str(ground), "open", link]) == 2
    out, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "\x1b" not in out + err
