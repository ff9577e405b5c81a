"""A target that is two programs of the user's own: the contract, the limits, and what they may see."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from store.domain.component import ExportFile
from store.errors import BadInput, Conflict, PlatformFailure
from store.platforms import TARGETS
from store.platforms.command import CommandTarget

SCRIPT = '''#!%(python)s
"""Keeps a project in one folder beside it; the revision is the digest of what is there."""
import base64, hashlib, json, pathlib, sys

asked = json.load(sys.stdin)
assert asked["contract"] == 1
folder = pathlib.Path("there", asked["project"])
folder.mkdir(parents=True, exist_ok=True)


def revision():
    return hashlib.sha256(repr([(p.name, p.read_bytes()) for p in sorted(folder.iterdir())]).encode()).hexdigest()


if asked["act"] == "push":
    if asked["expected"] != revision():
        print(json.dumps({"conflict": "somebody was faster"}))
        sys.exit(0)
    for name in asked["remove"]:
        (folder / name).unlink()
    for file in asked["files"]:
        data = base64.b64decode(file["base64"])
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        (folder / file["name"]).write_bytes(data)
files = [{"name": p.name, "base64": base64.b64encode(p.read_bytes()).decode()} for p in sorted(folder.iterdir())]
print(json.dumps({"revision": revision(), "files": files}))
'''


def script(folder: Path, text: str, name: str = "script") -> str:
    path = folder / name
    path.write_text(text.replace("%(python)s", sys.executable))
    path.chmod(0o755)
    return f"./{name}"


@pytest.fixture
def target(tmp_path: Path) -> CommandTarget:
    name = script(tmp_path, SCRIPT)
    return reached(tmp_path, fetch=name, push=name)


def reached(root: Path, **settings: str) -> CommandTarget:
    made = TARGETS["command"].connect(root, settings)
    assert isinstance(made, CommandTarget)
    return made


def saying(root: Path, answer: object, **settings: str) -> CommandTarget:
    """Return a target whose programs always say the same."""
    (root / "answer").write_text(answer if isinstance(answer, str) else json.dumps(answer))
    name = script(root, "#!/bin/sh\ncat > asked; cat answer\n")
    return reached(root, fetch=name, push=name, **settings)


def test_what_is_pushed_is_fetched_byte_for_byte(target: CommandTarget) -> None:
    files = [ExportFile(name="a.bin", data=bytes(range(256))), ExportFile(name="b.json", data=b"{}")]
    pushed = target.push("orders", files, expected=target.fetch("orders").revision)
    snapshot = target.fetch("orders")
    assert snapshot.revision == pushed.revision
    assert [(file.name, file.data) for file in snapshot.files] == [(file.name, file.data) for file in files]
    target.push("orders", files[:1], expected=pushed.revision, remove=["b.json"])
    assert [file.name for file in target.fetch("orders").files] == ["a.bin"]


def test_the_program_says_when_somebody_was_faster(target: CommandTarget) -> None:
    with pytest.raises(Conflict, match="somebody was faster"):
        target.push("orders", [], expected="of yesterday")


def test_text_is_taken_as_it_is(tmp_path: Path) -> None:
    (file,) = saying(tmp_path, {"revision": "1", "files": [{"name": "a/b.txt", "text": "grüß"}]}).fetch("orders").files
    assert (file.name, file.data) == ("a/b.txt", "grüß".encode())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("nonsense", "no JSON"),
        ([1], "JSON object"),
        ({"files": []}, "no revision"),
        ({"revision": "a\nb", "files": []}, "no revision"),
        ({"revision": "1"}, "no list of files"),
        ({"revision": "1", "files": ["a"]}, "no plain relative name"),
        ({"revision": "1", "files": [{"name": "../a", "text": ""}]}, "no plain relative name"),
        ({"revision": "1", "files": [{"name": "/a", "text": ""}]}, "no plain relative name"),
        ({"revision": "1", "files": [{"name": "a", "text": "", "base64": ""}]}, "neither"),
        ({"revision": "1", "files": [{"name": "a", "base64": "***"}]}, "neither"),
        ({"revision": "1", "files": [{"name": "a", "text": ""}] * 2}, "one name"),
    ],
)
def test_nonsense_is_a_platform_failure_in_one_line(tmp_path: Path, answer: object, said: str) -> None:
    with pytest.raises(PlatformFailure, match=said) as failure:
        saying(tmp_path, answer).fetch("orders")
    assert "\n" not in str(failure.value)


def test_a_failing_program_is_told_by_its_last_line_without_secrets(tmp_path: Path) -> None:
    token = "ghp_" + "a1B2" * 9
    name = script(tmp_path, f"#!/bin/sh\necho first >&2; echo 'no way: {token}' >&2; exit 3\n")
    with pytest.raises(PlatformFailure, match=r"exit status 3\): no way") as failure:
        reached(tmp_path, fetch=name, push=name).fetch("orders")
    assert token not in str(failure.value)


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    name = script(tmp_path, '#!/bin/sh\necho "$@" > arguments\necho \'{"revision": "1", "files": []}\'\n')
    target = reached(tmp_path, fetch=f"{name} '$HOME; touch pwned' `id`", push=name)
    target.fetch("orders; touch pwned")
    assert (tmp_path / "arguments").read_text() == "$HOME; touch pwned `id`\n"
    assert not (tmp_path / "pwned").exists()


def test_it_sees_only_the_variables_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "for the script")
    monkeypatch.setenv("OTHER_TOKEN", "not for the script")
    monkeypatch.setenv("QUARTERDECK_LOG_PASSPHRASE", "not for the script either")
    name = script(tmp_path, '#!/bin/sh\nenv > seen\necho \'{"revision": "1", "files": []}\'\n')
    reached(tmp_path, fetch=name, push=name, **{"pass-env": "ORDERS_TOKEN,MISSING"}).fetch("orders")
    seen = (tmp_path / "seen").read_text()
    assert "ORDERS_TOKEN=for the script" in seen
    assert "not for the script" not in seen


@pytest.mark.parametrize(
    "says",
    [
        'echo "no entry with $ORDERS_TOKEN" >&2; exit 3',
        """echo "{\\"revision\\": \\"$ORDERS_TOKEN\\", \\"files\\": []}\"""",
        'echo "{ $ORDERS_TOKEN"',
        """echo "{\\"revision\\": \\"1\\", \\"files\\": [{\\"name\\": \\"$ORDERS_TOKEN\\"}]}\"""",
        """echo "{\\"revision\\": \\"1\\", \\"files\\": [], \\"conflict\\": \\"somebody with $ORDERS_TOKEN\\"}\"""",
        'i=0; while [ $i -lt 300 ]; do echo "line $i: $ORDERS_TOKEN" >&2; i=$((i+1)); done; exit 3',
    ],
)
def test_what_it_was_handed_is_not_repeated_whatever_it_looks_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "wide-open-sesame-again")
    name = script(tmp_path, f"#!/bin/sh\ncat > asked\n{says}\n")
    target = reached(tmp_path, fetch=name, push=name, **{"pass-env": "ORDERS_TOKEN"})
    with pytest.raises((PlatformFailure, Conflict)) as failure:
        target.push("orders", [], expected=target.fetch("orders").revision)
    assert "wide-o" not in str(failure.value)


def test_one_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    name = script(tmp_path, "#!/bin/sh\nsleep 600 &\necho $! > told; mv told child\nsleep 600\n")
    for seconds in ("0.3", "3", "30"):  # it may have been killed before it had a child
        with pytest.raises(PlatformFailure, match=f"did not end within {seconds} s"):
            reached(tmp_path, fetch=name, push=name, timeout=seconds).fetch("orders")
        if (tmp_path / "child").exists():
            break
    child = int((tmp_path / "child").read_text())
    until = time.monotonic() + 60
    while _runs(child):  # the kernel may be busy burying it
        assert time.monotonic() < until
        time.sleep(0.01)


def test_one_whose_child_keeps_the_pipe_open_is_given_up_too(tmp_path: Path) -> None:
    name = script(tmp_path, "#!/bin/sh\nsleep 600 &\necho '{}'\n")
    began = time.monotonic()
    with pytest.raises(PlatformFailure, match="did not end within"):
        reached(tmp_path, fetch=name, push=name, timeout="0.3").fetch("orders")
    assert time.monotonic() - began < 300, "long before the child lets go of the pipe"


def test_one_that_says_too_much_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.platforms.command._MOST_OUTPUT", 100_000)
    name = script(tmp_path, "#!/bin/sh\nyes\n")
    with pytest.raises(PlatformFailure, match="said more than 100000 bytes"):
        reached(tmp_path, fetch=name, push=name).fetch("orders")


def test_one_that_reads_nothing_and_much_to_say_to_it_do_not_block(tmp_path: Path) -> None:
    name = script(tmp_path, '#!/bin/sh\necho \'{"revision": "1"}\'\n')
    target = reached(tmp_path, fetch=name, push=name)
    big = ExportFile(name="big.bin", data=b"x" * 2_000_000)
    assert target.push("orders", [big], expected="0").revision == "1"


def test_a_program_that_is_not_there_or_may_not_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(PlatformFailure, match="missing cannot be started"):
        reached(tmp_path, fetch="./missing", push="./missing").fetch("orders")
    (tmp_path / "plain").write_text("")
    with pytest.raises(PlatformFailure, match="cannot be started"):
        reached(tmp_path, fetch="./plain", push="./plain").fetch("orders")


@pytest.mark.parametrize(
    "settings",
    [
        {"fetch": "a"},
        {"fetch": "a 'b", "push": "c"},
        {"fetch": " ", "push": "c"},
        {"fetch": "a", "push": "b", "timeout": "soon"},
        {"fetch": "a", "push": "b", "timeout": "-1"},
        {"fetch": "a", "push": "b", "timeout": "nan"},
        {"fetch": "a", "push": "b", "pass-env": "QUARTERDECK_LOG_PASSPHRASE"},
        {"fetch": "a", "push": "b", "url": "http://x"},
    ],
)
def test_settings_that_make_no_target_are_bad_input(settings: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        TARGETS["command"].check(settings)


def test_the_contract_in_the_documentation_is_what_is_sent(tmp_path: Path) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "command-target.md").read_text()
    target = saying(tmp_path, {"revision": "2", "files": []})
    target.fetch("orders")
    assert json.loads((tmp_path / "asked").read_text()).keys() <= {"contract", "act", "project"}
    target.push("orders", [ExportFile(name="a.json", data=b"{}")], expected="1", remove=["b.json"], gone=["b.json"])
    asked = json.loads((tmp_path / "asked").read_text())
    blocks = [json.loads(block.split("```")[0]) for block in documented.split("```json")[1:]]
    example = next(block for block in blocks if block.get("act") == "push")
    assert asked.keys() == example.keys()
    assert asked["files"][0].keys() == example["files"][0].keys()
    assert base64.b64decode(asked["files"][0]["base64"]) == b"{}"


@pytest.mark.parametrize(("asks", "left"), [(True, False), (False, True)])
def test_a_program_that_only_asks_ends_with_whoever_asked_and_one_that_changes_something_is_left_to_finish(
    tmp_path: Path,
    asks: bool,
    left: bool,
) -> None:
    asking = f"""
import threading, time
from pathlib import Path
from store.reach.program import run

command = ["sh", "-c", "echo $$ > told; mv told pid; exec sleep 600"]
limits = {{"seconds": 90, "most_output": 10, "asks": {asks}}}
call = lambda: run(command, b"", folder=Path("."), environment={{"PATH": "/usr/bin:/bin"}}, **limits)
threading.Thread(target=call, daemon=True).start()
while not Path("pid").exists():
    time.sleep(0.01)
"""
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", asking], cwd=tmp_path, check=True, timeout=60, env=environment)
    pid = int((tmp_path / "pid").read_text())
    until = time.monotonic() + (0.2 if left else 60)
    while (runs := _runs(pid)) and time.monotonic() < until:
        time.sleep(0.01)
    assert runs == left
    if left:
        os.kill(pid, signal.SIGKILL)


def test_a_program_is_known_to_those_who_end_it_from_its_first_moment(tmp_path: Path) -> None:
    """It ran already when the process that had started it ended, a moment before it was noted: nobody ended it."""
    asking = """
import os, subprocess, sys, threading, time
from pathlib import Path
from store.errors import PlatformFailure
from store.reach import program

genuine = program._started
def slowly(*given):
    process = genuine(*given)
    while not Path("pid").exists():
        time.sleep(0.01)
    begun.set()
    time.sleep(0.3)
    return process

def ask():
    limits = {"seconds": 90, "most_output": 10, "asks": True}
    program.run(command, b"", folder=Path("."), environment={"PATH": "/usr/bin:/bin"}, **limits)

program._started, begun = slowly, threading.Event()
command = ["sh", "-c", "echo $$ > told; mv told pid; exec sleep 600"]
threading.Thread(target=ask, daemon=True).start()
begun.wait()
program.kill_asking()
try:
    ask()
except PlatformFailure as failure:
    print(failure)
sys.stdout.flush()
os._exit(0)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    told = subprocess.run(
        [sys.executable, "-c", asking], cwd=tmp_path, check=True, timeout=60, env=environment, capture_output=True
    )
    assert told.stdout == b"sh is not asked any more: this program ends\n"
    pid = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 60
    while _runs(pid):
        assert time.monotonic() < until
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
