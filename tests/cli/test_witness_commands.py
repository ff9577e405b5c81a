"""The second machine, restores and copies, through the real command line."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_desk import COMMAND, Desk

from store.ledger.heads import stated_size
from store.services.witness.memory import name_of

NAME = "witness.example/one"
FORK_FILES = ["1-kept.note", "1-ours.note", "1-proof.txt", "README.txt"]


def log_key(desk: Desk) -> str:
    settings = tomllib.loads((desk.ws / "quarterdeck.toml").read_text())
    return str(settings["ledger"]["log_key"])


def origin(desk: Desk) -> str:
    return log_key(desk).split("+")[0]


def new_witness(desk: Desk, state: str = "w1") -> str:
    """Make a witness beside the desk that serves its ledger; return its key."""
    made = desk.json("witness", "init", "--state", state, "--name", NAME, "--log-key", log_key(desk))
    return str(made["vkey"])


def configure(desk: Desk, vkey: str, **way: str | Sequence[str]) -> None:
    lines = [f"{name} = {json.dumps(value)}" for name, value in way.items()]
    text = "\n".join(["", "[witnesses]", "quorum = 1", "[[witnesses.known]]", f'vkey = "{vkey}"', *lines, ""])
    with (desk.ws / "quarterdeck.toml").open("a") as file:
        file.write(text)


@pytest.fixture
def piped(live: Desk) -> Desk:
    """A desk whose ledger a witness watches, reached as over ssh."""
    state = live.root / "w1"
    configure(live, new_witness(live), command=[str(COMMAND), "witness", "--state", str(state)])
    return live


@contextmanager
def serving(desk: Desk, *options: str) -> Iterator[str]:
    """Run `witness serve` on a free port; yield its address."""
    command = [COMMAND, "witness", "serve", "--state", "w1", "--listen", "127.0.0.1:0", "--json", *options]
    child = subprocess.Popen(command, cwd=desk.root, env=desk.environment(), stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        document = b""
        while not document.rstrip().endswith(b"}"):
            document += child.stdout.readline()
        yield str(json.loads(document)["url"])
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=60) == 0
        child.stdout.close()


def test_a_witness_reached_through_a_program_raises_the_verdict(piped: Desk) -> None:
    assert piped.json("verify")["verdict"] == "ANCHORED"
    asked = piped.json("cosign")
    assert (asked["reached"], asked["witnesses"][0]["outcome"]) == (True, "cosigned")
    report = piped.json("verify")
    assert (report["ok"], report["verdict"], report["cosigned"]) == (True, "WITNESSED", [1, 1])
    assert report["witnessed"] == report["entries"]
    assert piped.run("verify", status=0).text.startswith("WITNESSED 1 of 1: ")
    note = piped.run("checkpoint", "--cosigned", status=0).text
    assert f"— {NAME} " in note
    assert piped.json("witness", "show", "--state", "w1")["logs"] == [
        {"origin": origin(piped), "size": report["entries"]}
    ]


def test_a_witness_over_http_speaks_the_protocol(live: Desk) -> None:
    vkey = new_witness(live)
    with serving(live) as url:
        configure(live, vkey, url=url)
        assert live.json("cosign")["reached"] is True
        assert live.json("verify")["verdict"] == "WITNESSED"
        host, _, port = url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        connection.request("GET", f"/{name_of(origin(live))}/checkpoint")
        assert connection.getresponse().read().decode().startswith(origin(live))
        connection.request("POST", "/add-checkpoint", body=b"hello")
        assert connection.getresponse().status == 400
        connection.close()
    gone = live.run("cosign", status=3)
    assert "unreachable" in gone.text
    assert live.json("verify")["verdict"] == "WITNESSED"


def test_a_checkpoint_file_is_carried_to_the_witness_and_back(live: Desk) -> None:
    vkey = new_witness(live)
    live.run("checkpoint", "--out", "head.note", status=0)
    live.run("cosign", "head.note", "--state", "w1", "--out", "cosigned.note", status=0)
    assert f"— {NAME} " in (live.root / "cosigned.note").read_text()
    again = live.json("witness", "sign", "head.note", "--state", "w1")
    assert again["note"].startswith((live.root / "head.note").read_text())
    live.run("incident", "open", "--title", "x", key="alice", status=0)
    live.run("checkpoint", "--out", "next.note", status=0)
    refused = live.run("witness", "sign", "next.note", "--state", "w1", status=1)
    assert "ask with a proof from there" in refused.complaint
    # a folder that both can see carries requests with proofs
    (live.root / "exchange").mkdir()
    configure(live, vkey, folder=str(live.root / "exchange"))
    assert live.run("cosign", "--json", status=3).json["witnesses"][0]["outcome"] == "pending"
    # the log does not know yet what the witness remembers: it is told, and asks again from there
    live.run("witness", "sign", "exchange", "--state", "w1", status=1)
    assert live.run("cosign", "--json", status=3).json["witnesses"][0]["outcome"] == "pending"
    live.run("witness", "sign", "exchange", "--state", "w1", status=0)
    assert live.json("verify")["verdict"] == "ANCHORED"
    assert live.json("cosign")["reached"] is True
    assert live.json("verify")["verdict"] == "WITNESSED"


def test_a_proof_leads_to_a_head_that_witnesses_cosigned(piped: Desk) -> None:
    piped.run("cosign", "--out", "cosigned.note", status=0)
    cosigned = (piped.root / "cosigned.note").read_text()
    assert cosigned == piped.run("checkpoint", "--cosigned").text
    piped.run("incident", "open", "--title", "newer", key="alice", status=0)
    newest = piped.json("verify")["entries"]
    piped.run("prove", "3", "--cosigned", "--out", "3.tlog-proof", status=0)
    assert (piped.root / "3.tlog-proof").read_text().endswith("\n\n" + cosigned)
    piped.run("export", "statement", "3", "--out", "three", status=0)
    assert piped.json("verify-proof", "3.tlog-proof", "three/entry.json")["witnesses"] == [NAME]
    assert "newer than" in piped.run("prove", str(newest), "--cosigned", status=2).complaint


def test_after_a_restore_everything_stops_until_somebody_says_so(piped: Desk) -> None:
    piped.run("cosign", status=0)
    piped.run("backup", "--out", "backup.db", status=0)
    before = piped.json("verify")["entries"]
    for number in range(3):
        piped.run("incident", "open", "--title", f"after {number}", key="alice", status=0)
    piped.run("cosign", status=0)
    shutil.copy(piped.ws / "ledger.db", piped.root / "lost.db")
    shutil.copy(piped.root / "backup.db", piped.ws / "ledger.db")

    found = piped.run("verify", "--json", "--evidence", "evidence", status=1).json
    assert (found["ok"], found["verdict"], found["entries"]) == (False, "SHORTER", before)
    files = sorted(path.name for path in (piped.root / "evidence").iterdir())
    assert files == ["1-kept.note", "1-ours.note", "1-proof.txt", "README.txt"]
    kept = (piped.root / "evidence" / "1-kept.note").read_text()
    assert kept.splitlines()[:2] == [origin(piped), str(before + 3)]
    assert NAME in kept
    shown = piped.run("verify", status=1).text
    assert "--- kept" in shown
    assert kept.splitlines()[2] in shown

    refused = piped.run("incident", "open", "--title", "x", key="alice")
    assert (refused.status, "remembers" in refused.complaint) == (1, True)
    reason = ("--reason", "the disk died")
    asked = piped.run("restore", "acknowledge", *reason, key="alice", status=2)
    assert "add --yes" in asked.complaint
    stranger = piped.run("--yes", "restore", "acknowledge", *reason, key="bo", status=1)
    assert "acknowledge a restore" in stranger.complaint
    done = piped.json("--yes", "restore", "acknowledge", *reason, key="alice")
    assert done["given_up"] == [before + 3]
    assert piped.json("verify")["verdict"] == "ANCHORED"
    piped.run("incident", "open", "--title", "goes on", key="alice", status=0)

    left = piped.run("cosign", "--json", status=3).json["witnesses"][0]
    assert left["outcome"] == "left behind"
    piped.run("witness", "forget", origin(piped), "--state", "w1", status=0)
    assert piped.json("cosign")["reached"] is True
    assert piped.json("verify")["verdict"] == "WITNESSED"

    forked = piped.json("compare", "ws", "lost.db", status=1)
    assert (forked["relation"], forked["common"]) == ("forked", before)
    piped.run("compare", "ws", "lost.db", "--evidence", "fork", status=1)
    assert sorted(path.name for path in (piped.root / "fork").iterdir()) == FORK_FILES
    words = (piped.root / "fork" / "README.txt").read_text()
    assert f"'ws' and 'lost.db' have {before} entries in common" in words
    kept, ours = (stated_size((piped.root / "fork" / f"1-{name}.note").read_bytes()) for name in ("kept", "ours"))
    assert kept is not None
    assert ours is not None
    assert kept[0] == ours[0]
    assert (kept[1] < ours[1]) == bool((piped.root / "fork" / "1-proof.txt").read_text())
    again = piped.run("--yes", "restore", "acknowledge", *reason, key="alice", status=2)
    assert "nothing to acknowledge" in again.complaint


def test_a_backup_is_compared_and_verified_without_the_workspace(live: Desk, tmp_path: Path) -> None:
    made = live.json("backup", "--out", "b.db")
    assert made["entries"] == live.json("verify")["entries"]
    live.run("backup", "--out", "b.db", status=2)
    assert live.json("compare", "ws", "b.db")["relation"] == "same"
    shutil.copy(live.root / "b.db", live.root / "a.db")
    assert live.json("compare", "a.db", "b.db")["relation"] == "same"  # two files, of this workspace's log
    assert "--log-key" in live.run("-w", tmp_path / "nowhere", "compare", "a.db", "b.db", status=2).complaint
    live.run("incident", "open", "--title", "x", key="alice", status=0)
    assert live.json("compare", "b.db", "ws")["relation"] == "second longer"
    live.run("checkpoint", "--out", "head.note", status=0)
    key = log_key(live)
    elsewhere = ("-w", tmp_path / "nowhere")
    assert live.json(*elsewhere, "verify", "--file", "b.db", "--log-key", key)["verdict"] == "SELF-CONSISTENT"
    short = live.json("verify", "--file", "b.db", "--log-key", key, "--head", "head.note", status=1)
    assert short["verdict"] == "SHORTER"
    needs = live.run(*elsewhere, "verify", "--file", "b.db", status=2)
    assert "--log-key" in needs.complaint
    live.run("verify", "--head", "head.note", status=2)
    wrong = live.run("verify", "--file", "b.db", "--log-key", "rubbish", status=2)
    assert "verifier key" in wrong.complaint
    data = bytearray((live.root / "b.db").read_bytes())
    data[100:200] = bytes(100)
    (live.root / "broken.db").write_bytes(data)
    assert live.run("verify", "--file", "broken.db", "--log-key", key).status in {1, 2}


def test_the_log_is_exported_as_tiles(live: Desk) -> None:
    made = live.json("export", "tiles", "--out", "tiles")
    entries = live.json("verify")["entries"]
    assert made["entries"] == entries
    assert (live.root / "tiles" / "checkpoint").read_text().splitlines()[1] == str(entries)
    assert (live.root / "tiles" / "tile" / "0" / "000.p" / str(entries)).stat().st_size == 32 * entries
    live.run("export", "tiles", "--out", "ws", status=2)


def test_a_witness_says_clearly_what_it_cannot_do(live: Desk) -> None:
    assert "is no witness" in live.run("witness", "show", "--state", "w1", status=2).complaint
    assert "is no witness" in live.run("witness", "--state", "w1", status=2).complaint
    new_witness(live)
    assert "already" in live.run("witness", "init", "--state", "w1", "--name", "x", status=2).complaint
    assert "no such file" in live.run("witness", "sign", "nothing", "--state", "w1", status=2).complaint
    live.new_key("noise")
    assert live.run("witness", "sign", "noise", "--state", "w1", status=2).complaint.count("\n") == 1
    assert "no address" in live.run("witness", "serve", "--state", "w1", "--listen", "x", status=2).complaint
    assert "no witness is configured" in live.run("cosign", status=2).complaint
    stranger = live.json("witness", "init", "--state", "w2", "--name", NAME)
    assert stranger["vkey"]
    live.run("checkpoint", "--out", "head.note", status=0)
    unknown = live.run("witness", "sign", "head.note", "--state", "w2", status=2)
    assert "--log-key" in unknown.complaint
    live.run("witness", "sign", "head.note", "--state", "w2", "--log-key", log_key(live), status=0)


def test_a_malformed_request_on_standard_input_is_answered(live: Desk) -> None:
    new_witness(live)
    for request, status in ((b"", b"400"), (b"old 0\n\nhello\n", b"400"), (b"x" * 100_000, b"400")):
        done = subprocess.run(
            [COMMAND, "witness", "--state", "w1"],
            cwd=live.root,
            env=live.environment(),
            input=request,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stdout[:3]) == (1, status)
        assert done.stderr == b""


def test_a_witness_named_before_the_subcommand_is_the_one_that_is_meant(live: Desk) -> None:
    """Taken for the default one in silence, a key would be made, or a head signed, by somebody else."""
    made = live.json("witness", "--state", "w2", "init", "--name", "witness.example/two", "--log-key", log_key(live))
    assert made["state"] == "w2"
    assert live.json("witness", "--state", "w2", "show")["vkey"] == made["vkey"]
    assert live.json("witness", "--state", "w2", "show", "--state", "w2")["vkey"] == made["vkey"]
    assert live.run("witness", "show").status == 2
