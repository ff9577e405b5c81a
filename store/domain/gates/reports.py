"""Gates about reports that were brought for exactly this release: tests-passed, security-scan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from store.clock import parse_timestamp
from store.domain.events import ReportCounts
from store.domain.gates.verdict import Verdict, bad, good, some

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy.gates import SecurityScan, TestsPassed

JUNIT = "junit"
SARIF = "sarif"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One report as it was read again from the archive."""

    name: str
    digest: str
    by: str
    at: str
    """When these bytes were first brought for this release."""
    counts: ReportCounts
    tools: tuple[str, ...] = ()
    damage: str = ""
    """Why it cannot be read any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tested:
    """The newest report of each name that is bound to the release."""

    reports: tuple[Report, ...]
    release: str
    at: str
    rule: TestsPassed


def tests_passed(seen: Tested) -> Verdict:
    """Let a release pass whose own tests all ran well, enough of them and not too long ago."""
    bring = "run the tests on this very release: quarterdeck gate report add FILE --request ID"
    if not seen.reports:
        return bad(f"no test report is bound to the release {seen.release[:12]}", bring)
    wrong = [*_unusable(seen.reports, seen.at, seen.rule.max_age_hours)]
    for one in seen.reports:
        failed = one.counts.failed + one.counts.broken
        if failed and not one.damage:
            wrong.append(f"{one.name}: {failed} of {_tests(one)} tests failed")
    passed = sum(one.counts.passed for one in seen.reports)
    skipped = sum(one.counts.skipped for one in seen.reports)
    if passed < seen.rule.least:
        wrong.append(f"{passed} tests passed, {seen.rule.least} are the least")
    if skipped > seen.rule.most_skipped:
        wrong.append(f"{skipped} tests were skipped, {seen.rule.most_skipped} are the most")
    if wrong:
        return bad(some(wrong), bring)
    return good(f"{passed} tests passed, {skipped} skipped, in {_named(seen.reports)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """The newest scan of each name that is bound to the release."""

    reports: tuple[Report, ...]
    release: str
    at: str
    rule: SecurityScan


def security_scan(seen: Scanned) -> Verdict:
    """Let a release pass that a scanner looked at and found no more in than the policy lets it."""
    bring = "scan this very release: quarterdeck gate report add FILE --request ID"
    counted = [one for one in seen.reports if _is_by(one, seen.rule.tools)]
    if not counted:
        which = f" by {', '.join(seen.rule.tools)}" if seen.rule.tools else ""
        return bad(f"no security scan{which} is bound to the release {seen.release[:12]}", bring)
    wrong = [*_unusable(counted, seen.at, seen.rule.max_age_hours)]
    wrong += [f"{one.name}: {one.counts.broken} runs of the scanner did not end well" for one in counted
              if one.counts.broken]  # fmt: skip
    for level, most in (("errors", seen.rule.errors), ("warnings", seen.rule.warnings), ("notes", seen.rule.notes)):
        found = sum(getattr(one.counts, level) for one in counted)
        if found > most:
            wrong.append(f"{found} {level}, {most} are the most")
    if wrong:
        return bad(some(wrong), f"mend what was found and export again, or {bring}")
    return good(f"nothing above the limits in {_named(counted)}")


def _unusable(reports: Iterable[Report], at: str, hours: int) -> Iterable[str]:
    for one in reports:
        if one.damage:
            yield f"{one.name}: {one.damage}"
        elif hours and parse_timestamp(at) > parse_timestamp(one.at) + timedelta(hours=hours):
            yield f"{one.name} is of {one.at}, older than {hours} hours"


def _is_by(report: Report, globs: tuple[str, ...]) -> bool:
    return not globs or any(fnmatchcase(tool, glob) for tool in report.tools for glob in globs)


def _tests(report: Report) -> int:
    counts = report.counts
    return counts.passed + counts.failed + counts.broken + counts.skipped


def _named(reports: Iterable[Report]) -> str:
    return some((f"{one.name} by {one.by}" for one in reports), ", ")
