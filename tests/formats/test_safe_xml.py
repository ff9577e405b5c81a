"""XML without surprises: a tree, or one line, quickly."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from store.errors import BadInput
from store.formats.safe_xml import MAX_BYTES, MAX_ELEMENTS, read


def test_elements_attributes_text_and_namespaces_are_read() -> None:
    root = read(b'<?xml version="1.0"?><Flow xmlns="urn:x"><!-- no --><label a="1">On &amp; off</label></Flow>')
    assert root.tag == "{urn:x}Flow"
    assert [(child.tag, child.attrib, child.text) for child in root] == [("{urn:x}label", {"a": "1"}, "On & off")]


def test_a_byte_order_mark_and_utf_16_are_read() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><a>grün</a>'
    assert read(text.encode("utf-16")).text == "grün"
    assert read(b"\xef\xbb\xbf<a/>").tag == "a"


def test_a_document_type_inside_cdata_is_text() -> None:
    assert read(b"<a><![CDATA[<!DOCTYPE html><html>]]></a>").text == "<!DOCTYPE html><html>"


def laughs() -> bytes:
    lines = ['<!ENTITY e0 "' + "ha" * 50 + '">']
    lines += [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<!DOCTYPE a [{''.join(lines)}]><a>&e9;</a>".encode()


def wide() -> bytes:
    attributes = " ".join(f'p:a{n}=""' for n in range(200_000))
    return f'<p:a xmlns:p="{"u" * 1_000_000}" {attributes}/>'.encode()


def hidden() -> bytes:
    prefix = "p" * 300
    attributes = " ".join(f'{prefix}:a{n}=""' for n in range(20_000))
    return f'<a xmlns:{prefix}="{"u" * 1_000_000}" {attributes}/>'.encode()


REFUSED = [
    (laughs(), "DTD"),
    (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DTD"),
    (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DTD"),
    (b"<a>&nobody;</a>", "undefined entity"),
    (b"<a>" * 1_000_000, "inside each other"),
    (b"<a>" + b"<b/>" * (MAX_ELEMENTS + 1) + b"</a>", "more than 250000"),
    (b"<a><b></a>", "mismatched tag"),
    (b"", "no element"),
    (b"words", "syntax error"),
    (b"<a>\xff</a>", "UTF-8"),
    (b"<a>\0</a>", "not well-formed"),
    (b"<a>&#xD800;</a>", "invalid character"),
    (b"<a/>" + b" " * MAX_BYTES, "more than the"),
    (wide(), "too long"),
    (hidden(), "too long"),
    (b"<!-- \n --><?x y?>\n" * 50_000 + b"<!DOCTYPE a>", "DTD"),
    (b"<a " + b"x" * 15_000_000, "unclosed token"),
    (b"<a " + b" ".join(b'a%d=""' % n for n in range(1_200_000)) + b"/>", "more than 250000"),
    (b"<!--" + b"-" * 15_000_000, "not well-formed|unclosed"),
    (b"<a " + b" ".join(b'a%d=""' % n for n in range(400_000)) + b"/>", "more than 250000"),
]


@pytest.mark.parametrize(("data", "why"), REFUSED, ids=[f"{at}-{why[:20]}" for at, (_, why) in enumerate(REFUSED)])
def test_harmful_xml_is_refused_at_once_in_one_line(data: bytes, why: str) -> None:
    start = time.process_time()
    with pytest.raises(BadInput, match=why) as refused:
        read(data)
    assert "\n" not in str(refused.value)
    assert time.process_time() - start < 5


def test_a_document_at_the_limit_stays_below_the_promised_memory() -> None:
    data = b"<a>" + b"<b/>" * (MAX_ELEMENTS - 1) + b"</a>"
    tracemalloc.start()
    try:
        assert len(read(data)) == MAX_ELEMENTS - 1
        assert tracemalloc.get_traced_memory()[1] < 200 * 1024 * 1024
    finally:
        tracemalloc.stop()
