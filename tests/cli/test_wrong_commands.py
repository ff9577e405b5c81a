"""Whatever is typed wrong: one clear line on standard error, exit status 2, never a traceback."""

from __future__ import annotations

import itertools
import json
import os
import subprocess

import pytest
from cli_desk import COMMAND, Desk, Ran
from cli_wrong import ACTS, QUESTIONS, commands

from console.cli.main import COMMANDS
from console.cli.output import emit_json

NOT_UTF8 = os.fsdecode(b"caf\xe9\xff")
GROUPS = {
    "artifact": ("show", "cat"),
    "request": ("open", "edit", "submit", "withdraw", "show"),
    "quarantine": ("lift",),
    "drift": ("ack", "adopt", "revert"),
    "export": ("signers", "statement", "tiles"),
    "witness": ("init", "trust", "forget", "sign"),
    "restore": ("acknowledge",),
    "principal": ("add", "suspend", "reinstate"),
    "policy": ("propose", "review", "adopt"),
    "role": ("grant", "revoke"),
    "key": ("add", "revoke"),
    "environment": ("add",),
    "incident": ("open", "note", "close"),
    "finding": ("open", "assign", "note", "close", "show"),
}
NEEDS_ARGUMENTS = ("ingest", "approve", "refuse", "deploy", "promote", "rollback", "state", "diff", "lineage", "prove",
                   "verify-proof", "freeze", "annotate", "compare", "backup")  # fmt: skip


def explained(ran: Ran, *, statuses: tuple[int, ...] = (2,)) -> str:
    """One line that says what is wrong, and nothing on standard output."""
    assert ran.status in statuses, (ran.status, ran.out, ran.complaint)
    assert ran.out == b""
    assert b"Traceback" not in ran.err
    assert ran.complaint.count("\n") == 1, ran.complaint
    assert ran.complaint.startswith("quarterdeck: ")
    assert ran.complaint.rstrip("\n").isprintable()
    assert 20 < len(ran.complaint) < 600
    return ran.complaint


def one_line(complaint: str) -> bool:
    return complaint.count("\n") == 1 and complaint.rstrip("\n").isprintable() and len(complaint) < 700


def test_every_command_without_its_arguments_says_which_are_missing(live: Desk) -> None:
    alone = [(name,) for name in NEEDS_ARGUMENTS]
    alone += [(group, name) for group, names in GROUPS.items() for name in names]
    for command, ran in zip(alone, live.runs(alone), strict=True):
        line = explained(ran)
        assert "Missing" in line, command
        assert f"quarterdeck {' '.join(command)} --help" in line, command


def test_every_command_with_an_option_or_an_argument_too_many_says_so(live: Desk) -> None:
    commands = [(name,) for name in COMMANDS if name not in GROUPS] + [(g, n) for g, ns in GROUPS.items() for n in ns]
    wrong = [(*command, "--no-such-option") for command in commands]
    for command, ran in zip(wrong, live.runs(wrong), strict=True):
        assert "--no-such-option" in explained(ran), command
    many = [(*command, *"abcdefgh") for command in commands if command[0] not in {"ingest", "drift"}]
    for ran in live.runs(many):
        explained(ran)


def test_every_command_and_group_explains_itself(live: Desk) -> None:
    commands = [(), *((name,) for name in COMMANDS), *((g, n) for g, names in GROUPS.items() for n in names)]
    for command, ran in zip(commands, live.runs([(*c, "-h") for c in commands]), strict=True):
        assert ran.status == 0, command
        assert ran.text.startswith("Usage: quarterdeck")
        assert ran.err == b""
    for ran in live.runs([(group,) for group in GROUPS if group != "drift"]):
        assert ran.status == 2
        assert b"Traceback" not in ran.err


@pytest.mark.parametrize("json", [False, True], ids=["in words", "with --json"])
def test_what_is_not_there_is_said_in_one_line(live: Desk, *, json: bool) -> None:
    asked = [(*command, "--json") if json else command for command in commands(QUESTIONS)]
    assert [
        (command, ran.status, ran.out[:200], ran.complaint[-300:])
        for command, ran in zip(asked, live.runs(asked), strict=True)
        if ran.status != 2 or b"Traceback" in ran.err or not one_line(ran.complaint)
    ] == []


def test_an_act_that_makes_no_sense_is_refused_in_plain_words_and_changes_nothing(live: Desk) -> None:
    live.new_key("new")
    live.new_key("weak", kind="rsa").with_suffix(".pub").write_text(
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7dKCs0SZuvZbJ2Z6Yp6pnVKHC9A== weak"
    )
    acts = commands(ACTS)
    before = live.json("verify")["entries"]
    assert [
        (command, ran.status, ran.out[:200], ran.complaint[-300:])
        for command, ran in zip(acts, live.runs([("--key", "alice", *command) for command in acts]), strict=True)
        if not ((ran.status == 2 and one_line(ran.complaint)) or (ran.status == 1 and "refused: " in ran.complaint))
        or not all(line.isprintable() for line in ran.complaint.splitlines())
    ] == []
    refused = live.json("log", "--kind", "attempt.refused", "--limit", "1000")
    assert live.json("verify")["entries"] == before + len(refused)
    assert not (live.root / "other" / "ledger.db").exists()


def test_a_key_that_cannot_sign_is_refused_with_what_to_do(live: Desk) -> None:
    live.new_key("locked", passphrase="open sesame")
    live.new_key("loose").chmod(0o644)
    live.new_key("stranger")
    (live.root / "pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n")
    (live.root / "pem").chmod(0o600)
    (live.root / "empty").touch(mode=0o600)
    os.mkfifo(live.root / "pipe", 0o600)
    wrong = [
        "locked",
        "loose",
        ".",
        "no-such-file",
        "alice.pub",
        "pem",
        "empty",
        "pipe",
        "/dev/null",
        NOT_UTF8,
        "alice/x",
    ]
    by_key = dict(zip(wrong, live.runs([("--key", key, "approve", "CR-0001") for key in wrong]), strict=True))
    for ran in by_key.values():
        explained(ran)
    assert "passphrase" in by_key["locked"].complaint
    assert "terminal" in by_key["locked"].complaint
    assert "chmod 600" in by_key["loose"].complaint
    strange = live.run("approve", "CR-0001", key="stranger", status=1)
    assert "belongs to no principal" in strange.complaint
    assert "principal add" in strange.complaint
    other = live.run("--as", "alice", "approve", "CR-0001", key="bo", status=1)
    assert "not alice's" in other.complaint
    nobody = live.run("approve", "CR-0001", status=2)
    assert "--key" in nobody.complaint


@pytest.mark.parametrize("named", ["option", "variable"])
def test_a_workspace_that_is_none_is_said_so(live: Desk, named: str) -> None:
    (live.root / "empty").mkdir()
    for where in ("no-such-folder", "empty", "alice", "/dev/null", NOT_UTF8, "x" * 300):
        option = ("-w", where) if named == "option" else ()
        (ran,) = live.runs([(*option, "log")], QUARTERDECK_WORKSPACE=where)
        explained(ran)


def test_a_folder_without_a_workspace_names_what_would_help(desk: Desk) -> None:
    ran = desk.run("log", QUARTERDECK_WORKSPACE="")
    assert "quarterdeck init" in explained(ran)


def test_environment_variables_name_the_workspace_and_the_key_and_options_win(live: Desk) -> None:
    key = str(live.root / "bo")
    assert live.run("triage", "--json", QUARTERDECK_KEY=key).status in {0, 1}
    assert live.run("incident", "open", "--title", "Slow", QUARTERDECK_KEY=key).status == 0
    assert live.run("incident", "open", "--title", "Late", key="alice", QUARTERDECK_KEY="/no/such/key").status == 0
    assert [entry["actor"] for entry in live.json("log", "--kind", "incident.opened")] == ["alice", "bo"]
    explained(live.run("incident", "open", "--title", "x", QUARTERDECK_KEY=str(live.root)))
    found = live.runs([("-w", str(live.ws), "log", "--json")], QUARTERDECK_WORKSPACE="/nonexistent")
    assert found[0].status == 0


def test_a_configuration_with_faults_names_every_fault(live: Desk) -> None:
    path = live.ws / "quarterdeck.toml"
    good = path.read_text()
    wrong = {
        "": "ledger",
        "name = ": "quarterdeck.toml",
        good.replace("settle_seconds = 0.3", "settle_seconds = -1"): "intake.settle_seconds",
        good + "\n[colour]\nred = 1\n": "colour",
        good.replace("quarterdeck.local/", "x+ y/"): "ledger.origin",
        good.replace('log_key = "', 'log_key = "junk'): "",
        good.replace("paths = []", "paths = [1]"): "heads.paths",
        "\x00": "",
    }
    for number, text in enumerate(wrong):
        (live.root / f"{number}").mkdir()
        (live.root / f"{number}" / "quarterdeck.toml").write_text(text)
        (live.root / f"{number}" / "ledger.db").touch()
    ran = live.runs([("-w", f"{number}", "log") for number in range(len(wrong))])
    for named, one in zip(wrong.values(), ran, strict=True):
        assert named in explained(one, statuses=(1, 2))
    path.write_bytes(b"\xff\xfe")
    explained(live.run("log"))
    path.unlink()
    path.mkdir()
    explained(live.run("log"))


def test_a_question_needs_a_terminal_or_yes(live: Desk) -> None:
    refused = live.run("rollback", "prod", "--project", "orders", key="bo", status=2)
    assert "--yes" in refused.complaint
    assert live.json("rollback", "prod", "--project", "orders", "--dry-run", key="bo")["goes_back_to"]
    console = live.run(key="bo", status=2)
    assert "terminal" in console.complaint


def test_a_reader_that_goes_away_early_gets_no_traceback(live: Desk) -> None:
    script = f'"{COMMAND}" log --json | head -c 10; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", script], cwd=live.root, env=live.environment(), capture_output=True, check=False
    )
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert done.returncode in {0, 141}


def test_a_command_misspelt_gets_a_hint(live: Desk) -> None:
    for typed, meant in (("aprove", "approve"), ("verfy", "verify"), ("drift-list", "drift")):
        assert meant in explained(live.run(typed))
    assert "log" in explained(live.run("lo"))


def test_global_options_stand_before_or_after_the_command(live: Desk) -> None:
    places = itertools.permutations(("--json", f"--workspace={live.ws}"))
    commands = [("drift", *order) for order in places] + [(*order, "drift", "prod") for order in places]
    commands += [("--json", "log"), ("log", "--json"), ("request", "--json", "list"), ("request", "list", "--json")]
    for ran in live.runs(commands):
        assert ran.status == 0, ran.complaint
        assert ran.json is not None


def test_the_version_is_told(desk: Desk) -> None:
    assert desk.run("--version", status=0).text.startswith("quarterdeck, version ")


def test_an_empty_path_is_no_folder_one_happens_to_be_in(live: Desk) -> None:
    before = live.json("log")
    for words in (
        ("ingest", "--project", "x", "--env", "prod", ""),
        ("verify", "--file", "", "--log-key", "example.com/x+00000000+AQ=="),
        ("verify-proof", "", "statement.json"),
        ("checkpoint", "--out", ""),
        ("-w", "", "log"),
        ("log", "--key", ""),
    ):
        ran = live.run(*words, status=2)
        assert "it is empty" in ran.complaint, words
        assert len(ran.complaint.splitlines()) == 1
    assert live.json("log") == before


def test_a_file_name_that_is_no_text_is_spelt_out_in_json(live: Desk) -> None:
    name = os.fsdecode(b"caf\xe9\x1b")
    assert live.json("checkpoint", "--out", name)["out"] == "caf\\xe9\x1b"
    ran = live.run("approval", "import", f"{name}.sig", "--json", status=2)
    assert ran.json[0]["file"] == "caf\\xe9\x1b.sig"
    assert b"\x1b" not in ran.out + ran.err


def test_what_is_no_character_is_spelt_out_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit_json({NOT_UTF8: ["half \ud800", "caf\xe9", 1]})
    assert json.loads(capsys.readouterr().out) == {"caf\\xe9\\xff": ["half \\ud800", "caf\xe9", 1]}
