"""Whatever is typed wrong: one clear line on standard error, exit status 2, never a traceback."""

from __future__ import annotations

import itertools
import os

import pytest
from cli_desk import STATEMENT, Desk, Ran

from console.cli.main import COMMANDS

OPEN = ("request", "open", "--project", "orders", "--env", "prod", "--title", "T", "--why", "W", *STATEMENT)
HUGE = "9" * 30
NOT_UTF8 = os.fsdecode(b"caf\xe9\xff")
GROUPS = {
    "artifact": ("show", "cat"),
    "request": ("open", "edit", "submit", "withdraw", "show"),
    "quarantine": ("lift",),
    "drift": ("ack", "adopt", "revert"),
    "export": ("signers", "statement"),
    "principal": ("add",),
    "role": ("grant", "revoke"),
    "key": ("add", "revoke"),
    "environment": ("add",),
    "incident": ("open", "note", "close"),
}
NEEDS_ARGUMENTS = ("ingest", "approve", "refuse", "deploy", "promote", "rollback", "state", "diff", "lineage", "prove",
                   "verify-proof", "freeze", "annotate")  # fmt: skip


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


WITHOUT_SUBJECT = [
    *(("artifact", what, ref) for what in ("show", "cat") for ref in ("ffffffff", "", "%", "x' OR 1=1", NOT_UTF8)),
    *(("lineage", ref) for ref in ("CR-9999", "", "%", NOT_UTF8, "#1", "é")),
    *(("request", "show", ref) for ref in ("CR-9999", "", "cr-0001", NOT_UTF8)),
    *(("state", "prod", "--at", when) for when in ("yesterday", "", "-1", HUGE, "CR-9999", "9999", NOT_UTF8, "²",
      "now-99999999999d", "0001-01-01T00:00:00Z-1d", "9999-12-31T23:59:59Z+1d", "CR-0001@", "@", "2026-13-01T00:00:00Z",
      "2026-02-30", "CR-" + HUGE)),
    ("state", "nowhere"), ("state", ""), ("state", NOT_UTF8),
    ("diff", "CR-0001", "CR-9999"), ("diff", "no-such-file", "prod@now"), ("diff", ".", "CR-0001"),
    ("diff", "CR-0001", "/dev/null"), ("diff", NOT_UTF8, "CR-0001"), ("diff", "", ""), ("diff", "prod@never", "prod@now"),
    ("diff", "nowhere@now", "prod@now"), ("diff", "ffffffff", "CR-0001"), ("diff", "x" * 5000, "CR-0001"),
    ("log", "--since", "yesterday"), ("log", "--limit", "0"), ("log", "--limit", "many"), ("log", "--since", NOT_UTF8),
    ("log", "--until", "9999999-01-01T00:00:00Z"), ("log", "--limit", "-5"), ("log", "--subject", "nonsense"),
    ("log", "--kind", "no.such.kind"),
    ("drift", "nowhere"), ("drift", "list", NOT_UTF8),
    ("prove", "0"), ("prove", "-1"), ("prove", "999"), ("prove", HUGE), ("prove", "one"),
    ("verify", "--from", "no-such-file"), ("verify", "--from", "."), ("verify", "--from", "alice.pub"),
    ("verify-proof", "no-such-file", "alice.pub"), ("verify-proof", "alice.pub", "alice.pub"), ("verify-proof", ".", "."),
    ("export", "statement", "1", "--out", "x"), ("export", "statement", HUGE, "--out", "x"),
    ("export", "statement", "9999", "--out", "x"),
    ("key", "list", "nobody"), ("request", "list", "--state", "no such state"),
    ("ingest", "no-such-file", "--project", "orders", "--env", "prod"),
    ("ingest", "alice.pub", "--project", "../up", "--env", "prod"),
    ("ingest", "alice.pub", "--project", "orders", "--env", ""),
]  # fmt: skip


@pytest.mark.parametrize("json", [False, True], ids=["in words", "with --json"])
def test_what_is_not_there_is_said_in_one_line(live: Desk, *, json: bool) -> None:
    asked = [(*command, "--json") if json else command for command in WITHOUT_SUBJECT]
    assert [
        (command, ran.status, ran.out[:200], ran.complaint[-300:])
        for command, ran in zip(asked, live.runs(asked), strict=True)
        if ran.status != 2 or b"Traceback" in ran.err or not one_line(ran.complaint)
    ] == []


ACTS = [
    ("approve", "CR-9999"), ("approve", NOT_UTF8), ("refuse", "CR-9999", "--reason", "no"), ("deploy", "CR-9999"),
    ("deploy", ""), ("promote", "CR-9999", "--to", "prod"), ("promote", "CR-0002", "--to", "nowhere"),
    ("request", "submit", "CR-9999"), ("request", "edit", "CR-9999", "--title", "x"), ("request", "withdraw", "CR-9999"),
    ("rollback", "prod", "--project", "nothing", "--yes"), ("rollback", "nowhere", "--project", "orders", "--yes"),
    ("rollback", "prod", "--project", "orders", "--to", "CR-9999", "--yes"),
    ("rollback", "prod", "--project", "orders", "--component", "no-such", "--yes"),
    ("rollback", "prod", "--project", NOT_UTF8, "--yes"), ("rollback", "prod", "--project", "orders"),
    ("drift", "ack", "DR-9999", "--note", "x"), ("drift", "adopt", "DR-9999", "--why", "x"), ("drift", "revert", "DR-9999"),
    ("quarantine", "lift", "ffff", "--project", "orders", "--reason", "x"), ("freeze", "nowhere", "--reason", "x"),
    ("freeze", "prod", "--reason", " "), ("freeze", "prod", "--reason", NOT_UTF8),
    ("incident", "note", "INC-9999", "x"), ("incident", "open", "--title", "x", "--severity", "dreadful"),
    ("incident", "open", "--title", ""), ("incident", "open", "--title", "x", "--env", "nowhere"),
    ("incident", "open", "--title", NOT_UTF8), ("incident", "open", "--title", "x" * 70_000),
    ("annotate", "CR-9999", "x"), ("annotate", "9999", "x"), ("annotate", HUGE, "x"), ("annotate", "CR-0001", NOT_UTF8),
    ("principal", "add", "eve", "--public-key", "alice"), ("principal", "add", "eve", "--public-key", "."),
    ("principal", "add", "eve", "--public-key", "no-such-file"), ("principal", "add", "", "--public-key", "new.pub"),
    ("principal", "add", "../eve", "--public-key", "new.pub"), ("principal", "add", NOT_UTF8, "--public-key", "new.pub"),
    ("principal", "add", "eve", "--public-key", "weak.pub"), ("principal", "add", "bo", "--public-key", "new.pub"),
    ("principal", "add", "eve", "--public-key", "new.pub", "--role", "emperor"),
    ("role", "grant", "nobody", "approver"), ("role", "grant", "bo", "emperor"), ("role", "grant", "bo", ""),
    ("role", "grant", "bo", "approver@"), ("role", "grant", "bo", "approver@a/b/c"), ("role", "grant", "bo", "approver"),
    ("role", "revoke", "bo", "auditor", "--reason", "x"), ("key", "add", "nobody", "--public-key", "new.pub"),
    ("key", "revoke", "bo", "SHA256:nothing", "--reason", "x"), ("key", "revoke", "nobody", "x", "--reason", "x"),
    ("environment", "add", "prod", "--target", "folder", "--deliver", "x"), ("environment", "add", "e", "--target", "ftp"),
    ("environment", "add", "../e", "--target", "folder", "--deliver", "x"), ("environment", "add", "e", "--target", "folder"),
    ("environment", "add", "e", "--target", "folder", "--deliver", "x", "--url", "http://x"),
    ("environment", "add", "e", "--target", "node-red"), ("environment", "add", "e", "--target", "node-red", "--url", "x"),
    ("environment", "add", NOT_UTF8, "--target", "folder", "--deliver", "x"),
    ("environment", "add", "e", "--target", "folder", "--deliver", NOT_UTF8),
    ("environment", "add", "e", "--target", "folder", "--deliver", ""),
    (*OPEN[:3], "nothing", *OPEN[4:]), (*OPEN[:5], "nowhere", *OPEN[6:]), (*OPEN, "--risk", "enormous"),
    (*OPEN, "--title", ""), (*OPEN, "--title", NOT_UTF8), (*OPEN, "--what", "x" * 70_000), (*OPEN, "--artifact", "ffff"),
    (*OPEN, "--artifact", ""), (*OPEN[:3], NOT_UTF8, *OPEN[4:]),
    ("init", "ws", "--name", "alice"), ("init", "other"), ("init", "other", "--name", ""),
    ("init", "other", "--name", "a b"), ("init", "other", "--name", "alice", "--origin", "https://x"),
    ("init", "alice.pub", "--name", "alice"), ("init", "alice.pub/x", "--name", "alice"),
    ("init", "other", "--name", NOT_UTF8), ("demo", "alice.pub", "--headless"),
]  # fmt: skip


def test_an_act_that_makes_no_sense_is_refused_in_plain_words_and_changes_nothing(live: Desk) -> None:
    live.new_key("new")
    live.new_key("weak", kind="rsa").with_suffix(".pub").write_text(
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQC7dKCs0SZuvZbJ2Z6Yp6pnVKHC9A== weak"
    )
    before = live.json("verify")["entries"]
    assert [
        (command, ran.status, ran.out[:200], ran.complaint[-300:])
        for command, ran in zip(ACTS, live.runs([("--key", "alice", *command) for command in ACTS]), strict=True)
        if not ((ran.status == 2 and one_line(ran.complaint)) or (ran.status == 1 and "refused: " in ran.complaint))
        or not all(line.isprintable() for line in ran.complaint.splitlines())
    ] == []
    assert live.json("verify")["entries"] == before
    assert not (live.root / "other" / "ledger.db").exists()


def test_a_key_that_cannot_sign_is_refused_with_what_to_do(live: Desk) -> None:
    live.new_key("locked", passphrase="open sesame")
    live.new_key("loose").chmod(0o644)
    live.new_key("stranger")
    (live.root / "pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n")
    (live.root / "pem").chmod(0o600)
    (live.root / "empty").touch(mode=0o600)
    os.mkfifo(live.root / "pipe", 0o600)
    wrong = ["locked", "loose", ".", "no-such-file", "alice.pub", "pem", "empty", "pipe", "/dev/null", NOT_UTF8, "alice/x"]
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
    for where in ("no-such-folder", "empty", "alice", "alice/below", "/dev/null", NOT_UTF8, "x" * 300):
        if named == "option":
            ran = live.run("-w", where, "log")
        else:
            ran = live.run("log", QUARTERDECK_WORKSPACE=where)
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
    for text, named in wrong.items():
        path.write_text(text)
        assert named in explained(live.run("log"), statuses=(1, 2))
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
    import subprocess

    from cli_desk import COMMAND

    script = f'"{COMMAND}" log --json | head -c 10; exit "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], cwd=live.root, env=live.environment(), capture_output=True, check=False)
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
