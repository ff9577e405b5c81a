"""What gates look at, gathered: the release's contents once, everything else anew for each look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from store import archive
from store.domain import events as ev
from store.domain.approving import approvals_missing
from store.domain.change import Change
from store.domain.component import Component, Connector, Notice
from store.domain.gates import conditions, contents, passage, reach, reports, standing
from store.domain.release import Release
from store.domain.roles import Principals
from store.domain.seen import Seen, values
from store.errors import NotFound, QuarterdeckError
from store.formats.archive_covering import open_kinds, secrets_in
from store.platforms import reread
from store.services import releases
from store.services.context import Context, Source, recorded
from store.services.delivery import specifying
from store.services.delivery.environments import one
from store.services.drift import drifting
from store.services.identity.people import principals
from store.services.requests import assessing, carried_out, reporting, vouching
from store.services.sealing import sealing

if TYPE_CHECKING:  # the rules' own types are slow to import
    from store.domain.policy import Policy
    from store.domain.policy.gates import Gates


class Contents:
    """What is in the release that a request is about: fixed by its digest, so it is read once."""

    def __init__(self, context: Context, change: Change) -> None:
        self._context = context
        self._change = change

    @cached_property
    def release(self) -> Release:
        """The release. Raises IntegrityFailure: its manifest is damaged."""
        with self._context.ledger.reading() as connection:
            return releases.load(connection, self._change.target.manifest)

    @cached_property
    def files(self) -> contents.Files:
        """Each file, read again from the archive."""
        return contents.Files(
            files=tuple(self._file(file.name, file.artifact, file.platform) for file in self.release.files),
            release=self.release.digest,
            named=self._change.target.release,
        )

    @cached_property
    def surface(self) -> tuple[tuple[Component, ...], tuple[Connector, ...], tuple[Notice, ...]]:
        """Components, connectors and notices."""
        with self._context.ledger.reading() as connection:
            return releases.Contents(connection).of_release(self.release)

    def _file(self, name: str, artifact: str, platform: str) -> contents.FileSeen:
        seen = contents.FileSeen(name=name, artifact=artifact, platform=platform)
        try:
            with self._context.ledger.reading() as connection:
                data = archive.get(connection, artifact)  # re-hashes
        except QuarterdeckError as error:
            return replace(seen, damage=str(error))
        secrets = secrets_in(data)
        seen = replace(seen, secrets=secrets, sealed=bool(secrets) and not open_kinds(data))
        try:
            return replace(seen, reads_as=reread(data, name, platform).platform)
        except QuarterdeckError as error:
            return replace(seen, unreadable=str(error))


@dataclass(frozen=True, kw_only=True)
class Looking:
    """One look at a request, by the policy in force, at one instant."""

    context: Context
    source: Source
    change: Change
    inside: Contents
    at: str
    assessed: ev.RiskAssessed | None = None

    @cached_property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.context.policy

    @cached_property
    def rules(self) -> Gates:
        """The gates of the environment it goes to."""
        return self.policy.environment(self.change.environment).gates

    @cached_property
    def people(self) -> Principals:
        """Everybody."""
        return principals(self.source)

    @cached_property
    def change_as_assessed(self) -> Change:
        """The request with its risk as it was found just now."""
        return replace(self.change, risk=self.assessed) if self.assessed is not None else self.change

    @cached_property
    def seen(self) -> Seen:
        """What the change does, against what is desired where it goes."""
        return assessing.see(self.context, self.source, self.change_as_assessed)

    def files(self) -> contents.Files:
        """Return the files."""
        return self.inside.files

    def names(self) -> contents.Named:
        """Return what has a name."""
        assert self.rules.naming is not None
        return contents.Named(
            components=tuple(part.name for part in self.inside.release.components),
            files=tuple(file.name for file in self.inside.release.files),
            title=self.change.content.title,
            rule=self.rules.naming,
        )

    def connectors(self) -> reach.Connected:
        """Return what it reaches."""
        assert self.rules.connectors_allowed is not None
        return reach.Connected(connectors=self.inside.surface[1], rule=self.rules.connectors_allowed)

    def privileges(self) -> reach.Privileges:
        """Return what it may do."""
        assert self.rules.least_privilege is not None
        components, _, notices = self.inside.surface
        names = {part.id: part.name for part in components}
        return reach.Privileges(
            project=self.change.project,
            marks=tuple(
                reach.Mark(
                    code=notice.code,
                    component=notice.component,
                    name=names.get(notice.component, notice.component),
                    detail=notice.detail,
                )
                for notice in notices
            ),
            rule=self.rules.least_privilege,
        )

    def tests(self) -> reports.Tested:
        """Return the test reports about this release."""
        assert self.rules.tests_passed is not None
        return reports.Tested(
            reports=self._reports(reports.JUNIT),
            release=self.change.target.release,
            at=self.at,
            rule=self.rules.tests_passed,
        )

    def scans(self) -> reports.Scanned:
        """Return the scans of this release."""
        assert self.rules.security_scan is not None
        return reports.Scanned(
            reports=self._reports(reports.SARIF),
            release=self.change.target.release,
            at=self.at,
            rule=self.rules.security_scan,
        )

    def _reports(self, form: str) -> tuple[reports.Report, ...]:
        change = self.change
        found = reporting.of_release(
            self.context, self.source, project=change.project, release=change.target.release, form=form
        )
        return tuple(found)

    def came(self) -> passage.Came:
        """Return what the environment before saw of it."""
        rule = self.rules.promoted_from
        assert rule is not None
        before = rule.environment or self.policy.environment(self.change.environment).baseline
        assert before is not None
        target = self.change.target
        deployed = carried_out.deployments(self.source, before, self.change.project)
        place = {"environment": before, "project": self.change.project}
        drifts = recorded(self.source.entries(kinds=drifting.KINDS, on=place))
        others = {
            event.deployment: event.target.release
            for record in deployed
            if isinstance(event := record.event, ev.DeploymentVerified) and event.target.manifest != target.manifest
        }
        alike = [name for name, release in others.items() if release[:12] == target.release[:12]]
        return passage.Came(
            environment=before,
            release=target.release,
            stretches=passage.stretches(deployed, drifts, manifest=target.manifest, at=self.at),
            alike=tuple(alike),
            was_live=len(others) < len(deployed),
            soak_hours=rule.soak_hours,
        )

    def moment(self) -> standing.Moment:
        """Return when it would be deployed."""
        assert self.rules.change_window is not None
        return standing.Moment(at=self.at, rule=self.rules.change_window)

    def freeze(self) -> standing.Freeze:
        """Return whether the environment is frozen."""
        place = one(self.source, self.change.environment)
        return standing.Freeze(environment=place.name, frozen=place.frozen)

    def specified(self) -> standing.Specified:
        """Return the specification of the target."""
        assert self.rules.environment_spec is not None
        seen = standing.Specified(environment=self.change.environment, rule=self.rules.environment_spec)
        found = specifying.specification(self.source, self.change.environment)
        if found is None:
            return seen
        seen = replace(seen, digest=found.digest)
        try:
            return replace(seen, value=specifying.read(specifying.content(self.context, found), found.name))
        except QuarterdeckError as error:
            return replace(seen, damage=str(error))

    def back(self) -> standing.Back:
        """Return what would be restored."""
        rule, change = self.rules.rollback_ready, self.change
        assert rule is not None
        where = rule.rehearsed_in
        seen = standing.Back(
            project=change.project,
            previous="",
            rule=rule,
            rehearsed=where is not None and carried_out.was_rehearsed(self.source, where, change),
        )
        now = releases.desired(self.source, change.environment, change.project)
        if now is None:
            return seen
        release = now.target.release
        held = releases.quarantine(self.source, change.project, release)
        return replace(seen, previous=release, damage=self._damage(now.target), quarantined=held)

    def _damage(self, ref: ev.ReleaseRef) -> tuple[str, ...]:
        """Return why files of an earlier release could not be restored."""
        try:
            release = releases.load_ref(self.context, ref)
        except QuarterdeckError as error:
            return (str(error),)
        found = list(sealing.erased(self.context, self.source, release))
        with self.context.ledger.reading() as connection:
            for file in release.files:
                try:
                    archive.get(connection, file.artifact)  # re-hashes
                except QuarterdeckError as error:
                    found.append(f"{file.name}: {error}")
        return tuple(found)

    def agreed(self) -> standing.Agreed:
        """Return what is missing of the approvals."""
        change = self.change_as_assessed
        return standing.Agreed(
            level=change.level,
            missing=tuple(approvals_missing(change, people=self.people, policy=self.policy, at=self.at)),
            doubts=tuple(vouching.doubts(self.context.ledger, self.source, change, self.context.policies.at, self.at)),
        )

    def asked(self, name: str) -> conditions.Asked:
        """Return a condition of the policy and what it may speak of. Raises NotFound: there is none of this name."""
        condition = self.policy.conditions.get(name)
        if condition is None:
            raise NotFound(f"the policy has no condition {name}")
        return conditions.Asked(condition=condition, values=dict(values(self.seen, self.assessed)))
