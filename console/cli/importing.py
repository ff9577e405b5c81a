"""`import-git`: the history people kept in git before there was a ledger."""

from __future__ import annotations

from pathlib import Path

import click

from console.cli.output import complain, emit_json, note, say
from console.cli.progress import STOPPED, Meter
from console.cli.session import Session, command
from store.services.delivery.environments import checked_name
from store.services.exports.importing import ImportReport, import_history

_MOST_SHOWN = 10


@command(name="import-git")
@click.argument("repository", type=click.Path(path_type=Path))
@click.argument("path")
@click.option("--project", required=True)
@click.option("--env", "environment", required=True)
@click.option("--branch", help="The branch to follow; without it, what is checked out.")
@click.option("--keep-names", is_flag=True, help="Write down who the authors are, in people/authors.json.")
def import_git(
    session: Session,
    repository: Path,
    path: str,
    project: str,
    environment: str,
    branch: str | None,
    *,
    keep_names: bool,
) -> int:
    """Import every version of PATH, a file or folder in a git REPOSITORY, along the first parents of a branch.

    Authors become pseudonyms, dates stay the history's word; nothing of the repository is run. Again: goes on.
    """
    checked_name(project)
    checked_name(environment)
    with Meter("commits") as meter:
        report = import_history(
            session.context,
            repository,
            path,
            project=project,
            environment=environment,
            branch=branch,
            keep_names=keep_names,
            tell=meter.tell,
            stop=meter.stop,
        )
    _print(session, report)
    if not report.finished:
        complain("stopped: what is reported is recorded; the same command goes on from there")
        return STOPPED
    return 0


def _print(session: Session, report: ImportReport) -> None:
    if session.options.json:
        emit_json(
            {
                "repository": report.repository,
                "head": report.head,
                "commits": report.commits,
                "versions": report.versions,
                "deletions": report.deletions,
                "known": report.known,
                "refused": [{"commit": one.commit, "name": one.name, "reason": one.reason} for one in report.named],
                "refused_count": report.refused,
                "finished": report.finished,
                "names": None if report.names is None else str(report.names),
                "seconds": report.seconds,
            }
        )
        return
    for one in report.named[:_MOST_SHOWN]:
        complain(f"{one.commit[:12]} {one.name}: {one.reason}")
    if report.refused > _MOST_SHOWN:
        names = "them all" if len(report.named) == report.refused else f"the first {len(report.named):,}"
        complain(f"… and {report.refused - _MOST_SHOWN} more were not taken in (--json names {names})")
    known = f", {report.known} known already" if report.known else ""
    say(
        f"{report.versions} versions and {report.deletions} deletions of {report.commits} commits imported{known},"
        f" {report.refused} refused, in {report.seconds:.2f} s"
    )
    if report.names is not None:
        note(f"who the authors are stands in {report.names}; delete it to forget them")
