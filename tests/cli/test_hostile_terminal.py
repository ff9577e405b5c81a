"""Every command over a workspace full of hostile names, on a pseudo-terminal: no byte of theirs reaches it raw."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
import pytest
from cli_desk import COMMAND, Desk, Ran
from support.hostile import ALL_AT_ONCE as HOSTILE
from support.hostile import INVISIBLE
from support.tampering import unread
from support.terminal_bytes import assert_only_drawing

from store.domain import events as ev
from store.integrity.signer import KeyFileSigner
from store.services.context import Actor, Context
from store.services.requests import approving, requests
from store.workspace import open_workspace

STYLES = re.compile(rb"\x1b\[[0-9;]*m")
FORBIDDEN = [character.encode() for character in INVISIBLE]


def flows(version: int) -> bytes:
    """An export whose every text is hostile."""
    func = f"// {HOSTILE}\nreturn {version};"
    tab = {"id": "t1", "type": "tab", "label": HOSTILE, "info": HOSTILE}
    node = {"id": "n1", "type": "function", "z": "t1", "name": HOSTILE, "func": func, HOSTILE: f"{HOSTILE}{version}"}
    link = {"id": "n2", "type": f"mqtt{HOSTILE}", "z": "t1", "name": HOSTILE, "broker": HOSTILE, "wires": [["n1"]]}
    more = {"id": f"id{HOSTILE}", "type": "tab", "label": f"{HOSTILE}{version}"}
    return json.dumps([tab, node, link, more], ensure_ascii=version == 1).encode()


def harmless(ran: Ran, command: tuple[str, ...]) -> None:
    assert b"Traceback" not in ran.out, (command, ran.out[-800:])
    rest = STYLES.sub(b"", ran.out)
    odd = {byte for byte in rest if byte < 32 or byte == 127} - {9, 10, 13}
    assert not odd, (command, odd, rest[:300])
    assert [mark for mark in FORBIDDEN if mark in rest] == [], command
    assert rest.decode().replace("\r", "").replace("\n", "").replace("\t", "").isprintable(), command


@contextmanager
def recorded_unread(desk: Desk) -> Iterator[tuple[Context, Actor, Actor]]:
    """Lend the workspace with alice and bo, to write what no command takes any more and older ledgers hold."""
    with unread(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(desk.root / "state"))
        workspace = open_workspace(desk.ws)
        alice, bo = (Actor(handle=name, signer=KeyFileSigner(desk.root / name)) for name in ("alice", "bo"))
        try:
            yield workspace.context, alice, bo
        finally:
            workspace.close()


def hostile_request(context: Context, by: Actor, text: str) -> str:
    content = ev.RequestContent(title=text, why=text, what=text, success="s", rollback_plan="r", risk="low")
    entry = requests.open_request(context, by, project="orders", environment="prod", content=content)
    request = entry.statement.on["request"]
    requests.submit(context, by, request)
    return request


@pytest.fixture(scope="module")
def hostile(begun: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A workspace whose projects' components, titles, reasons and notes all try to take over the terminal."""
    desk = begun.copy_to(tmp_path_factory.mktemp("hostile"))
    desk.drop(flows(1), "it's [b]bold[/b] {}.json")
    text = HOSTILE.replace("\x00", "")
    alice, bo = ("--key", "alice"), ("--key", "bo")
    desk.run("watch", "--once", key="alice", status=0)
    with recorded_unread(desk) as (context, asks, decides):
        opened = hostile_request(context, asks, text)
        approving.approve(context, decides, opened, note=text)
    ran = desk.runs(
        [
            (*bo, "deploy", "CR-0001"),
            (*alice, "incident", "open", "--title", text),
            (*alice, "incident", "note", "INC-0001", text),
            (*alice, "annotate", "CR-0001", text),
        ]
    )
    assert [one.status for one in ran] == [0] * 4, [one.complaint for one in ran]
    desk.drop(flows(2), "it's [b]bold[/b] {}.json", root="observed")
    desk.drop(flows(3), "it's [b]bold[/b] {}.json")
    desk.drop(b"{", "broken.json")
    (desk.root / "hostile.json").write_bytes(flows(4))
    desk.run("watch", "--once", key="alice", status=0)
    with recorded_unread(desk) as (context, asks, decides):
        approving.refuse(context, decides, hostile_request(context, asks, text), reason=text)
    ran = desk.runs(
        [
            (*bo, "drift", "ack", "DR-0001", "--note", text),
            (*alice, "freeze", "prod", "--reason", text),
        ]
    )
    assert [one.status for one in ran] == [0] * 2, [one.complaint for one in ran]
    return desk


READING = [
    "artifact list", "drift", "drift list prod", "state prod", "state prod --at CR-0001", "diff CR-0001 CR-0002",
    "diff CR-0001 hostile.json --noise", "diff prod@now hostile.json", "lineage CR-0001", "lineage DEP-0001",
    "lineage DR-0001", "lineage INC-0001", "log", "triage", "verify", "verify --fast", "checkpoint", "prove 3",
    "request list", "request show CR-0001", "request show CR-0002", "incident list", "environment list",
    "quarantine list", "principal list", "key list", "watch --once", "drift revert DR-0001 --dry-run",
    "rollback prod --project orders --to CR-0001 --dry-run", "rollback prod --project orders --dry-run",
]  # fmt: skip


COMPLAINING = """
HOSTILE
log --HOSTILE
-w HOSTILE log
--key HOSTILE approve CR-0001
approve HOSTILE
state HOSTILE
state prod --at HOSTILE
diff HOSTILE HOSTILE
lineage HOSTILE
drift HOSTILE
artifact show HOSTILE
request show HOSTILE
log --since HOSTILE
log --subject HOSTILE
verify --from HOSTILE
verify-proof HOSTILE HOSTILE
ingest HOSTILE --project p --env e
ingest
export statement 2 --out alice/HOSTILE
request list --state HOSTILE
init HOSTILE --name HOSTILE
--key alice init new --name HOSTILE
--key alice init new --name x --origin HOSTILE
--key alice role grant bo HOSTILE
--key alice role grant HOSTILE approver
--key alice freeze HOSTILE --reason r
--key alice principal add HOSTILE --public-key bo.pub
--key alice principal add eve --public-key HOSTILE
--key alice environment add HOSTILE --target HOSTILE
--key alice rollback HOSTILE --project HOSTILE --dry-run
--key alice request submit HOSTILE
--key alice request open --project HOSTILE --env HOSTILE
--key alice incident open --title t --severity HOSTILE
--key alice --as HOSTILE approve CR-0001
--key alice deploy CR-0001
--key alice annotate HOSTILE HOSTILE
--key alice key revoke bo HOSTILE --reason r
""".strip().splitlines()


def test_no_reading_command_lets_a_hostile_byte_through(hostile: Desk) -> None:
    digest = hostile.json("artifact", "list")[0]["digest"]
    commands = [tuple(line.split()) for line in READING]
    commands += [
        ("artifact", "show", digest),
        ("artifact", "cat", digest),
        ("lineage", digest),
        ("-v", "watch", "--once"),
    ]
    shown = hostile.runs(commands, pty=True)
    for command, ran in zip(commands, shown, strict=True):
        assert ran.status in {0, 1, 2}, (command, ran.out[-500:])
        harmless(ran, command)
    everything = b"".join(ran.out for ran in shown)
    assert rb"\u{1b}" in everything, "it is shown, not hidden"
    assert rb"\u{202e}" in everything
    assert b"[red]x[/red]" in everything, "markup is text"


def test_no_json_on_a_terminal_does_either_and_it_is_still_the_exact_text(hostile: Desk) -> None:
    commands = [(*line.split(), "--json") for line in READING]
    shown = hostile.runs(commands, pty=True)
    for command, ran in zip(commands, shown, strict=True):
        harmless(ran, command)
    title = hostile.json("request", "show", "CR-0001")["title"]
    assert title == HOSTILE.replace("\x00", "")
    names = {part["name"] for part in hostile.json("state", "prod")["projects"]["orders"]["components"].values()}
    assert any("\x1b]0;owned" in name or "\u202e" in name for name in names)


def test_no_complaint_repeats_what_was_typed_raw(hostile: Desk) -> None:
    text = HOSTILE.replace("\x00", "")
    commands = [tuple(word.replace("HOSTILE", text) for word in line.split()) for line in COMPLAINING]
    for command, ran in zip(commands, hostile.runs(commands, pty=True), strict=True):
        assert ran.status != 0, command
        harmless(ran, command)


def test_colours_are_asked_for_by_nobody_and_so_not_sent(hostile: Desk) -> None:
    for ran in hostile.runs([("log",), ("triage",), ("diff", "CR-0001", "CR-0002")], pty=True, NO_COLOR="1"):
        assert b"\x1b" not in ran.out


VISITS = "1 enter 2 enter down 3 down down space e escape 4 d escape enter 5 left left e escape 6 e escape down ?"
KEYS = {"enter": "\r", "escape": "\x1b", "down": "\x1b[B", "left": "\x1b[D", "space": " "}


def test_no_screen_of_the_console_lets_a_hostile_byte_through(hostile: Desk) -> None:
    """As installed, at a person's pace, in a small terminal; test_hostile_screens.py presses everything."""
    environment = hostile.environment(TERM="xterm-256color", TEXTUAL_ANIMATIONS="none")
    child = pexpect.spawn(
        str(COMMAND), ["--key", "bo"], cwd=hostile.root, env=environment, dimensions=(24, 80), timeout=60
    )
    received = _until_quiet(child)
    for word in VISITS.split():
        child.send(KEYS.get(word, word))
        received += _until_quiet(child)
    child.sendline("")
    child.kill(15)
    received += child.read()
    child.close()
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", received).decode("utf-8", "replace")
    for title in ("Triage", "Approvals", "Lineage", "Drift", "Replay", "Ledger"):
        assert title in text
    assert "u{1b}" in text, "it is shown, not hidden"
    assert "[red]x" in text, "markup is text"
    assert_only_drawing(received)


def _until_quiet(child: pexpect.spawn) -> bytes:
    """Return what the console draws until it has drawn nothing for half a second."""
    received, patience = b"", 12
    while patience:
        try:
            received += child.read_nonblocking(65_536, timeout=0.5)
        except pexpect.TIMEOUT:
            if received:
                return received
            patience -= 1
    return received
