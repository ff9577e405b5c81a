"""Files that cannot be taken in: refused with one line, kept in quarantine with the reason; nothing else suffers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cli_desk import Desk, Ran, eventually

from store.demo.samples import crm_sync, orders

GOOD = orders(1)
TEXT = GOOD.decode()


def as_bytes(data: bytes) -> Callable[[Path], None]:
    return lambda path: void(path.write_bytes(data))


def void(_: object) -> None:
    return None


def huge(path: Path) -> None:
    path.write_bytes(b"[")
    os.truncate(path, 64 * 1024 * 1024 + 1)


def picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def packed() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("flows.json", GOOD)
    return buffer.getvalue()


def device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root may make a device")


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a picture": (as_bytes(picture()), "JSON"),
    "an archive": (as_bytes(packed()), "archive"),
    "prose": (as_bytes(b"Dear colleague, the flows are in the other folder.\n"), "JSON"),
    "nothing": (as_bytes(b""), "empty"),
    "only blanks": (as_bytes(b" \n\t\r\n"), ""),
    "half a file": (as_bytes(GOOD[: len(GOOD) // 2]), "JSON"),
    "all but the end": (as_bytes(GOOD.rstrip()[:-1]), "JSON"),
    "more than 64 MiB": (huge, "67,108,864"),
    "201 levels": (as_bytes(b"[" * 201 + b"]" * 201), "200"),
    "100,000 levels": (as_bytes(b"[" * 100_000 + b"]" * 100_000), "200"),
    "one key twice": (as_bytes(b'{"nodes": [], "connections": {}, "nodes": [1]}'), "nodes"),
    "NaN": (as_bytes(b'[{"id": "a", "type": "tab", "label": NaN}]'), "NaN"),
    "infinity": (as_bytes(b'[{"id": "a", "type": "tab", "x": 1e999}]'), ""),
    "UTF-16, cut off": (as_bytes(TEXT.encode("utf-16")[:-1]), "UTF-16"),
    "UTF-16 without a mark": (as_bytes(TEXT.encode("utf-16-le")), ""),
    "invalid UTF-8": (as_bytes(GOOD.replace(b"Refunds", b"Ref\xffunds")), "UTF-8"),
    "Latin-1": (as_bytes(TEXT.replace("Refunds", "Rückgabe").encode("latin-1")), "UTF-8"),
    "a lone surrogate": (as_bytes(GOOD.replace(b"Refunds", rb"\ud83d")), "surrogate"),
    "a lone surrogate in a key": (as_bytes(rb'{"\udc00": 1}'), "surrogate"),
    "garbage behind it": (as_bytes(GOOD + b"]"), "JSON"),
    "a link": (lambda path: path.symlink_to("/etc/passwd"), "symbolic link"),
    "a link to a good file": (lambda path: path.symlink_to(path.parents[4] / "good.json"), "symbolic link"),
    "a named pipe": (os.mkfifo, "named pipe"),
    "a device": (device, "device"),
}  # fmt: skip
HOSTILE = {
    "an escape sequence": b"\x1b]0;owned\x07.json",
    "a line feed": b"two\nlines.json",
    "an override": "invoice\u202enosj.exe".encode(),
    "no UTF-8": b"caf\xe9.json",
    "a C1 control": "a\u009b31mred.json".encode(),
    "a zero-width blank": "flo\u200bws.json".encode(),
    "a backslash": rb"a\..\escape.json",
}


@dataclass(frozen=True)
class Round:
    """One `watch --once --json` over everything bad at once, with a good file among it."""

    desk: Desk
    ran: Ran

    @property
    def files(self) -> dict[str, Any]:
        return {file["path"]: file for file in self.ran.json["files"]}


@pytest.fixture(scope="module")
def swept(begun: Desk, tmp_path_factory: pytest.TempPathFactory) -> Round:
    desk = begun.copy_to(tmp_path_factory.mktemp("swept"))
    (desk.root / "good.json").write_bytes(GOOD)
    folder = desk.drop(GOOD, "good.json", project="bad").parent
    for name, (make, _) in BAD.items():
        try:
            make(folder / f"{name}.json")
        except pytest.skip.Exception:
            continue
    for hostile in HOSTILE.values():
        Path(os.fsdecode(os.fsencode(folder) + b"/" + hostile)).write_bytes(GOOD)
    return Round(desk, desk.run("watch", "--once", "--json", status=0))


@pytest.mark.parametrize("name", list(BAD))
def test_a_file_that_cannot_be_read_goes_to_quarantine_with_one_line_why(swept: Round, name: str) -> None:
    path = f"inbox/prod/bad/{name}.json"
    if path not in swept.files:
        pytest.skip("only root may make a device")
    file = swept.files[path]
    assert file["outcome"] == "quarantined"
    reason = file["reason"]
    assert reason
    assert "\n" not in reason
    assert BAD[name][1] in reason
    assert "Traceback" not in reason
    assert not os.path.lexists(swept.desk.ws / path)
    kept = [one for one in (swept.desk.ws / "quarantine/prod/bad").iterdir() if one.name.startswith(f"{name}.json-")]
    note = next(one for one in kept if one.name.endswith(".reason.txt"))
    assert note.read_text() == f"{reason}\n"
    assert os.path.lexists(str(note).removesuffix(".reason.txt"))


def test_every_refused_file_has_an_entry_that_says_why(swept: Round) -> None:
    refused = {entry["data"]["path"]: entry["data"] for entry in swept.desk.json("log", "--kind", "artifact.refused")}
    assert refused.keys() == {path for path, file in swept.files.items() if file["outcome"] == "quarantined"}
    for path, data in refused.items():
        assert data["reason"] == swept.files[path]["reason"][:500]
        kept = swept.desk.ws / data["kept"]
        assert os.path.lexists(kept), "the entry says where it is"


def test_the_good_file_among_the_bad_arrives(swept: Round) -> None:
    assert swept.files["inbox/prod/bad/good.json"]["outcome"] == "ingested"
    assert swept.ran.json["ingested"] == 1
    assert [row["name"] for row in swept.desk.json("artifact", "list")] == ["good.json"]
    again = swept.desk.json("watch", "--once")
    assert (again["ingested"], again["unchanged"], again["quarantined"]) == (0, 1, 0)
    assert swept.desk.json("verify")["ok"] is True


def test_a_name_that_could_deceive_is_refused_and_spelt_out(swept: Round) -> None:
    assert [path.name for path in (swept.desk.ws / "inbox/prod/bad").iterdir()] == ["good.json"]
    for kept in (swept.desk.ws / "quarantine/prod/bad").iterdir():
        assert kept.name.isprintable()
    reasons = [file["reason"] or "" for file in swept.files.values()]
    reasons = [reason for reason in reasons if reason.startswith(("its name is", "its name holds"))]
    assert len(reasons) == len(HOSTILE)
    assert all(byte >= 32 or byte == 10 for byte in swept.ran.out)
    seen = swept.desk.runs([("log", "--kind", "artifact.refused"), ("triage",)])
    for ran in seen:
        assert b"\x1b" not in ran.out
        assert "\u202e" not in ran.text


def test_what_names_a_device_or_link_is_never_opened(swept: Round) -> None:
    bodies = json.dumps(swept.desk.json("log"))
    assert "root:x:0" not in bodies


def close(desk: Desk, path: Path) -> None:
    """Take away whatever the mode of `path` allows, from root as well."""
    path.chmod(0)
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may read everything, and setpriv is not here to take that away")
        desk.prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")


@pytest.mark.parametrize("name", ["inbox", "observed"])
def test_a_watched_folder_that_cannot_be_read_is_told_and_does_not_stop_the_other(ready: Desk, name: str) -> None:
    ready.drop(GOOD, "good.json")
    folder = ready.ws / name
    folder.mkdir(exist_ok=True)
    close(ready, folder)
    done = ready.run("watch", "--once", "--json", status=3)
    assert f"{folder}: the folder cannot be read: Permission denied" in done.complaint
    assert done.complaint.count("cannot be read") == 1
    assert done.json["ingested"] == (name == "observed")
    folder.chmod(0o700)


def test_a_file_that_may_not_be_read_is_refused(ready: Desk) -> None:
    path = ready.drop(GOOD, "secret.json")
    close(ready, path)
    (file,) = ready.json("watch", "--once")["files"]
    assert (file["outcome"], file["reason"]) == ("quarantined", "it cannot be read: permission denied")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n") + b"\r\n\r\n",
    ],
    ids=["a byte order mark", "CRLF", "both, and blank lines behind"],
)
def test_what_other_systems_add_is_read_and_delivered_byte_for_byte(ready: Desk, data: bytes) -> None:
    ready.release(data, "From a Windows machine")
    assert ready.delivered() == data
    (row,) = ready.json("artifact", "list")
    assert (row["platform"], row["components"]) == ("node-red", 3)


def test_the_watcher_outlives_every_bad_file_and_takes_the_next_good_one(ready: Desk) -> None:
    with ready.watching() as watcher:
        folder = ready.drop(GOOD, "first.json").parent
        for number, (make, _) in enumerate(BAD.values()):
            try:
                make(folder / f"bad-{number}.json")
            except pytest.skip.Exception:
                continue
        quarantine = ready.ws / "quarantine/prod/orders"
        eventually(lambda: [path.name for path in folder.iterdir()] == ["first.json"])
        assert len(list(quarantine.glob("*.reason.txt"))) in {len(BAD), len(BAD) - 1}
        ready.drop(crm_sync(1), "next.json", project="crm")
        eventually(lambda: b"inbox/prod/crm/next.json" in (ready.root / "watch.out").read_bytes())
        ready.stop(watcher, signal.SIGINT)
    assert {row["name"] for row in ready.json("artifact", "list")} == {"first.json", "next.json"}


def test_five_thousand_files_at_once_all_arrive(ready: Desk) -> None:
    folder = ready.drop(GOOD, "0000.json").parent
    for number in range(1, 5_000):
        data = b'[{"id": "%016x", "type": "tab", "label": "Flow %d"}]' % (number, number)
        (folder / f"{number:04d}.json").write_bytes(data)
    report = ready.json("watch", "--once")
    assert report["ingested"] == len(report["files"]) == 5_000
    assert ready.json("watch", "--once")["unchanged"] == 5_000
    assert ready.json("verify")["ok"] is True
