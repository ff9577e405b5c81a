"""Exports in UTF-16, as programs on Windows write them: read, kept as they came, and their secrets sealed alike."""

from __future__ import annotations

import json

import pytest
from support.zips import zipped

from store.domain.secrets import cover, fingerprints, sealed_kinds
from store.errors import BadInput
from store.formats.archive_covering import cover_archive, open_kinds, secrets_in
from store.formats.archive_zip import open_zip
from store.platforms import known_secrets, recognise

NODES = [
    {"id": "t", "type": "tab", "label": "Größe 💡"},
    {"id": "n", "type": "function", "z": "t", "func": 'const password = "hunter2-ß-7";', "wires": []},
]
TEXT = json.dumps(NODES, ensure_ascii=False, indent=2)
PRINT = "a2b3c4d5e6"
codecs = pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])


def in_utf16(text: str, codec: str) -> bytes:
    return ("\ufeff" + text).encode(codec)


@codecs
def test_an_export_in_utf_16_is_what_it_is_in_utf_8(codec: str) -> None:
    assert recognise(in_utf16(TEXT, codec), "flows.json") == recognise(TEXT.encode(), "flows.json")


@codecs
def test_a_secret_in_utf_16_is_covered_in_its_place_and_nothing_else_changes(codec: str) -> None:
    data = in_utf16(TEXT, codec)
    covered = cover(data, lambda _: PRINT, name="flows.json", more=known_secrets(data, "flows.json"))
    plain = cover(TEXT.encode(), lambda _: PRINT, name="flows.json")
    assert covered.kinds == plain.kinds == ("password",)
    assert covered.data == in_utf16(plain.data.decode(), codec)
    assert secrets_in(covered.data) == ("password",)
    assert open_kinds(covered.data) == ()
    assert fingerprints(covered.data) == (PRINT,)


@codecs
def test_utf_16_without_a_secret_is_kept_to_the_byte(codec: str) -> None:
    data = in_utf16('[{"id": "t", "type": "tab", "label": "Größe"}]\r\n', codec) + b"\n"
    assert cover(data, lambda _: PRINT).data is data


@pytest.mark.parametrize("rest", [b"\n", b"\x00\xd8", b"\x00\xd8\x00"])
def test_secrets_in_broken_utf_16_are_covered_and_the_broken_end_stays(rest: bytes) -> None:
    data = in_utf16(TEXT, "utf-16-le") + rest
    covered = cover(data, lambda _: PRINT)
    assert covered.kinds == ("password",)
    assert covered.data.endswith(rest)
    with pytest.raises(BadInput, match="not valid UTF-16"):
        recognise(data, "flows.json")


def test_secrets_of_utf_16_inside_zips_are_sealed_and_told() -> None:
    data = zipped(
        {"a.json": in_utf16(TEXT, "utf-16-le"), "b.xml": in_utf16("<a><password>hunter2x7</password></a>", "utf-16-be")}
    )
    covered = cover_archive(data, lambda _: PRINT)
    assert covered.kinds == ("password", "password")
    assert not any("hunter2" in member.read().decode("utf-16") for member in open_zip(covered.data))
    assert sealed_kinds(covered.data) == {"password"}
    assert fingerprints(covered.data) == (PRINT,)
