"""JUnit XML: how many tests passed, failed, broke and were skipped, counted from the cases themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from store.domain.events import ReportCounts
from store.errors import BadInput
from store.formats import safe_xml

_ROOTS: Final = ("testsuites", "testsuite")
_DIGITS: Final = 9


def read(data: bytes) -> ReportCounts:
    """Return what a JUnit XML counts. Suites that say of themselves that more failed than they show are believed.

    Raises:
        BadInput: it is no XML that is read here (`safe_xml`), or no JUnit.
    """
    root = safe_xml.read(data)
    if root.tag not in _ROOTS:
        raise BadInput(f"JUnit: its first element is <{root.tag[:60]}>, not <testsuites> or <testsuite>")
    passed = failed = broken = skipped = 0
    for case in root.iter("testcase"):
        inside = {child.tag for child in case}
        if "error" in inside:
            broken += 1
        elif "failure" in inside:
            failed += 1
        elif "skipped" in inside:
            skipped += 1
        else:
            passed += 1
    return ReportCounts(
        passed=passed,
        failed=max(failed, _said(root, "failures")),
        broken=max(broken, _said(root, "errors")),
        skipped=skipped,
    )


def _said(root: Element, name: str) -> int:
    """Return the largest sum that the report states: by its first element, or by the suites right below."""
    suites = sum(_number(suite, name) for suite in _outermost(root))
    return max(_number(root, name), suites)


def _outermost(root: Element) -> Iterator[Element]:
    return (child for child in root if child.tag == "testsuite")


def _number(element: Element, name: str) -> int:
    text = element.get(name, "0").strip()
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS:
        raise BadInput(f"JUnit: {name}={text[:20]!r} is no number of tests")
    return int(text)
