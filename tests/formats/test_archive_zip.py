"""The zip guard: what tools write is read, what nobody should write is refused at once in one line."""

from __future__ import annotations

import stat
import time
import tracemalloc
import zipfile
from io import BytesIO

import pytest
from support.zips import made, zipped

from store.errors import BadInput
from store.formats.archive_zip import MAX_MEMBER, MAX_MEMBERS, open_zip


def test_members_are_read_in_their_order_and_folders_are_passed_over() -> None:
    data = zipped({"b/two.txt": b"2" * 300_000, "a.txt": b"", "b/": b"", "grün.json": b"{}"})
    members = open_zip(data)
    assert [(member.name, member.size) for member in members] == [
        ("b/two.txt", 300_000),
        ("a.txt", 0),
        ("grün.json", 2),
    ]
    assert [member.read() for member in members] == [b"2" * 300_000, b"", b"{}"]


@pytest.mark.parametrize("packed", [True, False], ids=["deflated", "stored"])
def test_every_byte_comes_back(packed: bool) -> None:
    content = bytes(range(256)) * 3000
    (member,) = open_zip(zipped({"x": content}, packed=packed))
    assert b"".join(member.pieces()) == content


def test_an_empty_archive_has_no_members() -> None:
    assert open_zip(zipped({})) == ()


def test_a_zip_written_to_a_pipe_is_read() -> None:
    class Pipe(BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b"[1]")
        archive.comment = b"made here"
    assert [member.read() for member in open_zip(pipe.getvalue())] == [b"[1]"]


def test_a_backslash_parts_a_name_as_windows_programs_write_it() -> None:
    data = zipped({r"Controls\1.json": b"{}", "Controls\\": b"", "Other/2.json": b"[]"})
    assert [(member.name, member.read()) for member in open_zip(data)] == [
        ("Controls/1.json", b"{}"),
        ("Other/2.json", b"[]"),
    ]


def test_a_member_over_the_callers_limit_is_not_read() -> None:
    (member,) = open_zip(zipped({"a": b"12345"}))
    with pytest.raises(BadInput, match="more than the 4"):
        member.read(limit=4)


def matryoshka(depth: int) -> bytes:
    data = zipped({"end.txt": b"x"})
    for _ in range(depth):
        data = zipped({"inner.zip": data})
    return data


def twice() -> bytes:
    return zipped({"aa": b"1", "ab": b"2"}).replace(b"ab", b"aa")


def many() -> bytes:
    return zipped({f"{n}": b"" for n in range(MAX_MEMBERS + 1)}, packed=False)


def many_inside() -> bytes:
    half = zipped({f"{n}": b"" for n in range(MAX_MEMBERS // 2)}, packed=False)
    return zipped({"a.zip": half, "b.zip": half})


def read_through(data: bytes) -> int:
    return sum(len(piece) for member in open_zip(data) for piece in member.pieces())


REFUSED = [
    (b"PK\3\4", "no zip at all"),
    (b"PK\3\4" + b"\0" * 100_000, "no zip at all"),
    (zipped({"a": b"1"})[:-5], "no zip at all|not where"),
    (zipped({"a": b"1"}) + b"more", "before or after"),
    (b"#!/bin/sh\n" + zipped({"a": b"1"}), "before or after"),
    (zipped({"../../etc/passwd": b"1"}), "leads out"),
    (zipped({"a/../../b": b"1"}), "leads out"),
    (zipped({"/etc/passwd": b"1"}), "leads out"),
    (made(b"C:/windows/x", b"1"), "leads out"),
    (made(rb"..\..\evil", b"1"), "leads out"),
    (made(rb"a/..\evil", b"1"), "leads out"),
    (made(rb"\\server\share", b"1"), "leads out"),
    (made(rb"C:\windows\x", b"1"), "leads out"),
    (made(rb"a\\b", b"1"), "no path"),
    (made(rb"folder\\"[:-1], b"1"), "has a content"),
    (zipped({r"a\b.json": b"1", "a/b.json": b"2"}), "stands twice"),
    (zipped({r"a\b.json": b"1", "A/B.json": b"2"}), "one name on Windows"),
    (made(b"a.json\0.exe", b"1"), "control character"),
    (made(b"a\nb", b"1"), "control character"),
    (made("a\u202egnp.exe".encode(), b"1", flags=0x800), "control character"),
    (made(b"a\xff", b"1", flags=0x800), "cannot be read"),
    (made(b"", b"1"), "no path"),
    (made(b"a//b", b"1"), "no path"),
    (made(b"./a", b"1"), "no path"),
    (made(b"folder/", b"1"), "has a content"),
    (twice(), "stands twice"),
    (made(b"link", b"/etc/passwd", mode=stat.S_IFLNK | 0o777), "is a link"),
    (made(b"pipe", b"", mode=stat.S_IFIFO | 0o777), "neither a file"),
    (made(b"a", b"1", flags=1), "encrypted"),
    (made(b"a", b"1", method=12), "method 12"),
    (made(b"a", b"1", local_name=b"b"), "two readers"),
    (made(b"a", b"1", crc=5), "checksum"),
    (made(b"a", b"12345", size=4), "declared"),
    (made(b"a", b"12345", size=6), "declared"),
    (made(b"a", b"x" * 500_000, size=10), "declared"),
    (made(b"a", b"1", size=MAX_MEMBER + 1), "more than 67108864"),
    (made(b"a", b"1", size=0xFFFFFFFF), "more than|zip64|cannot be read"),
    (made(b"a", b"\xff\xff", method=0).replace(b"\x14\0\0\0\0\0", b"\x14\0\0\0\x08\0"), "inflated"),
    (zipped({"bomb": b"\0" * 30_000_000}), "zip bomb"),
    (zipped({f"{n}": b"\0" * 1_000_000 for n in range(60)}), "zip bomb"),
    (made(b"a", bytes(range(256)), copies=2000), "shares its bytes"),
    (many(), f"more than {MAX_MEMBERS} members"),
    (many_inside(), f"inside 'b.zip'.*{MAX_MEMBERS} members"),
    (made(b"a", b"1", size=60_000_000, packed=1_000_000, copies=5), "would have 300000000 bytes"),
    (matryoshka(4), "inside each other"),
    (zipped({"inner.msapp": zipped({"bomb": b"\0" * 30_000_000})}), "inside 'inner.msapp'.*zip bomb"),
]


@pytest.mark.parametrize(("data", "why"), REFUSED, ids=[f"{at}-{why[:24]}" for at, (_, why) in enumerate(REFUSED)])
def test_what_no_tool_writes_is_refused_at_once_in_one_line(data: bytes, why: str) -> None:
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(BadInput, match=why) as refused:
            read_through(data)
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert "\n" not in str(refused.value)
    assert time.process_time() - start < 5


def test_archives_inside_archives_are_fine_up_to_a_depth() -> None:
    (member,) = open_zip(matryoshka(3))
    assert member.name == "inner.zip"


def test_a_damaged_zip_is_read_or_refused_never_more() -> None:
    data = zipped({"a/b.json": b'{"a": 1}' * 50, "c.xml": b"<a/>"})
    refusals = []
    for at in range(len(data)):
        for byte in (0, 0xFF, data[at] ^ 1):
            damaged = data[:at] + bytes([byte]) + data[at + 1 :]
            try:
                read_through(damaged)
            except BadInput as error:
                refusals.append(str(error))
    assert refusals
    assert not [line for line in refusals if "\n" in line]
