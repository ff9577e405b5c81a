from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import scene as scenes
from support.exports import V1
from support.scene import Scene
from support.ticking import TickingClock
from support.walk import Walk

from store.errors import BadInput, NotFound, QuarterdeckError
from store.integrity.entry import Entry
from store.services.history import history
from store.services.history.history import Query

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
KEYS = {"CR": "request", "DEP": "deployment", "DR": "drift", "INC": "incident"}


@dataclass(frozen=True)
class Past:
    """A walked scene and all its entries in a plain list: what the slow model looks through from the start."""

    scene: Scene
    entries: tuple[Entry, ...]

    def after(self, time: str) -> int:
        """Return how many entries claim to have been made up to `time`."""
        return sum(1 for entry in self.entries if entry.statement.time <= time)

    def time_of(self, seq: int) -> str:
        return self.entries[max(seq, 1) - 1].statement.time

    def of_id(self, name: str) -> tuple[int, str] | None:
        """Return where the story of an id ends (its verified deployment, an incident's pinned start, or its first
        entry) and the time that offsets count from: an incident's is when it was opened."""
        key = KEYS[name.split("-", maxsplit=1)[0]]
        mine = [entry for entry in self.entries if entry.statement.on.get(key) == name]
        if not mine:
            return None
        if key == "incident":
            return int(str(mine[0].statement.data["at_seq"])), mine[0].statement.time
        verified = [entry.seq for entry in mine if entry.statement.kind == "deployment.verified"]
        seq = verified[-1] if verified and key in {"request", "deployment"} else mine[0].seq
        return seq, self.time_of(seq)


@pytest.fixture(scope="module")
def past(ground: Path) -> Iterator[Past]:
    """One long walk for the whole module; nothing here changes it."""
    folder = ground / "past"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        clock = TickingClock(step=timedelta(milliseconds=250))
        scenes.build(folder / "template", folder / "keys", clock)
        scene = scenes.enter(folder / "template", folder / "workspace", folder / "keys", clock)
        Walk(scene, 11).go(350)
        yield Past(scene, tuple(scene.entries()))
        scene.workspace.close()


def iso(time: str) -> datetime:
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def claim(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def test_the_walk_tells_enough(past: Past) -> None:
    kinds = {entry.statement.kind for entry in past.entries}
    assert {"deployment.verified", "rollback.started", "drift.opened", "incident.opened"} <= kinds
    times = [entry.statement.time for entry in past.entries]
    assert times == sorted(times)


def test_the_state_at_every_entry_is_what_the_entries_up_to_there_say(past: Past) -> None:
    desired: dict[tuple[str, str], tuple[str, str]] = {}
    for seq in range(len(past.entries) + 1):
        if seq:
            statement = past.entries[seq - 1].statement
            if statement.kind == "deployment.verified":
                target = statement.data["target"]
                assert isinstance(target, dict)
                place = (statement.on["environment"], statement.on["project"])
                desired[place] = (statement.on["deployment"], str(target["release"]))
        at = history.Instant(seq=seq, time="")
        for environment in (None, "prod", "dev", "moon"):
            found = {
                (row.environment, row.project): (row.id, row.release)
                for row in history.state_at(past.scene.context, environment, at).deployments
            }
            wanted = {place: row for place, row in desired.items() if environment in {None, place[0]}}
            assert found == wanted, f"after entry {seq} in {environment}"


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_name_of_an_instant_is_what_a_slow_reading_says(past: Past, data: st.DataObject) -> None:
    size = len(past.entries)
    kind = data.draw(st.sampled_from(["number", "time", "id", "now"]))
    match kind:
        case "number":
            seq = data.draw(st.integers(0, size))
            text, base = str(seq), iso(past.time_of(seq))
        case "time":
            near = iso(past.time_of(data.draw(st.integers(1, size))))
            at = near + timedelta(milliseconds=data.draw(st.sampled_from([-1, 0, 1, -250, 3_600_000, -(10**9), 10**9])))
            zone = timezone(timedelta(hours=data.draw(st.sampled_from([0, 2, -11]))))
            text = data.draw(st.sampled_from([claim(at), at.astimezone(zone).isoformat(timespec="milliseconds")]))
            seq, base = past.after(claim(at)), at
        case "id":
            ids = sorted({v for e in past.entries for k, v in e.statement.on.items() if k in KEYS.values()})
            text = data.draw(st.sampled_from(ids))
            found = past.of_id(text)
            assert found is not None
            seq, base = found[0], iso(found[1])
        case _:
            text, seq, base = "now", size, iso(past.time_of(size))
    sign = data.draw(st.sampled_from(["", "+", "-"]))
    if sign:
        count, unit = data.draw(st.integers(0, 500)), data.draw(st.sampled_from("smhd"))
        text += f"{sign}{count}{unit}"
        shifted = base + timedelta(seconds=count * UNITS[unit]) * (1 if sign == "+" else -1)
        seq = past.after(claim(shifted))
    assert history.resolve(past.scene.context, text).seq == seq, text


@pytest.mark.parametrize(
    ("text", "seq"), [("2026-03-02", 0), ("2026-03-02T09:00:00", 0), (" 3 ", 3), ("0", 0), ("0-1s", 0), ("now+9d", -1)]
)
def test_times_without_a_zone_are_utc_and_zero_is_before_everything(past: Past, text: str, seq: int) -> None:
    wanted = len(past.entries) if seq < 0 else seq
    assert history.resolve(past.scene.context, text).seq == wanted


def test_the_at_sign_before_an_offset_is_allowed(past: Past) -> None:
    context = past.scene.context
    assert history.resolve(context, "now@-30m") == history.resolve(context, "now-30m")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "yesterday",
        "-5m",
        "now-",
        "now-5",
        "now-5w",
        "CR-",
        "cr-0001",
        "1.5",
        "-1",
        "2026-02-30",
        "now-99999999999999999999d",
        "now-999999d",
        "now+9999999d",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "\x00",
        "🕰",
    ],
)
def test_what_names_no_instant_is_bad_input(past: Past, text: str) -> None:
    with pytest.raises(BadInput):
        history.resolve(past.scene.context, text)


@pytest.mark.parametrize(
    "text",
    ["99999", "CR-9999", "DEP-9999", "DR-9999", "INC-9999", pytest.param("9" * 5000, id="long"), "CR-" + "9" * 30],
)
def test_what_does_not_exist_is_not_found(past: Past, text: str) -> None:
    with pytest.raises(NotFound):
        history.resolve(past.scene.context, text)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=30) | st.from_regex(r"[0-9nowCRDEPIN:TZ+@.smhd-]{1,24}", fullmatch=True))
def test_no_text_breaks_it(past: Past, text: str) -> None:
    try:
        found = history.resolve(past.scene.context, text)
    except QuarterdeckError:
        return
    assert 0 <= found.seq <= len(past.entries)


def test_clocks_that_go_backwards_still_give_a_border(scene: Scene) -> None:
    """Claimed times are claims: the answer is a place where they pass the time asked for."""
    for hours in (5, -3, 2, -6, 9):
        scene.clock.advance(hours=hours)
        scene.ingest(V1, name=f"{hours}.json")  # what is seen is recorded by any clock; acts of people are not
    times = [entry.statement.time for entry in scene.entries()]
    for asked in times:
        seq = history.resolve(scene.context, asked).seq
        assert seq == 0 or times[seq - 1] <= asked
        assert seq == len(times) or times[seq] > asked


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_log_is_the_entries_that_match_newest_first(past: Past, data: st.DataObject) -> None:
    def maybe(values: list[str]) -> str | None:
        return data.draw(st.none() | st.sampled_from(values))

    entries = past.entries
    times = [entry.statement.time for entry in entries]
    query = Query(
        kinds=tuple(data.draw(st.lists(st.sampled_from(sorted({e.statement.kind for e in entries})), max_size=3))),
        actor=maybe(["alice", "bo", "system", "nobody"]),
        environment=maybe(["prod", "dev", "moon"]),
        project=maybe(["orders", "crm"]),
        since=maybe(times),
        until=maybe(times),
        search=maybe(["RETURN", "smoke", "no such words", '"limit"']),
        subject=maybe(["CR-0001", "DR-0001", "DEP-0002", "CR-9999"]),
    )
    limit = data.draw(st.none() | st.integers(0, 20))

    def matches(entry: Entry) -> bool:
        statement = entry.statement
        return all(
            [
                not query.kinds or statement.kind in query.kinds,
                query.actor in {None, statement.actor},
                query.environment in {None, statement.on.get("environment")},
                query.project in {None, statement.on.get("project")},
                query.since is None or statement.time >= query.since,
                query.until is None or statement.time <= query.until,
                query.search is None or query.search.lower() in entry.body.decode().lower(),
                query.subject is None or statement.on.get(KEYS[query.subject.split("-")[0]]) == query.subject,
            ]
        )

    wanted = [entry.seq for entry in reversed(entries) if matches(entry)]
    found = history.log(past.scene.context, query, limit=limit)
    assert [entry.seq for entry in found] == wanted[:limit]
    after, until = (data.draw(st.integers(0, len(entries))) for _ in "ab")
    numbers = history.numbers(past.scene.context, query, after=after, until=until)
    assert list(numbers) == [seq for seq in wanted if after < seq <= until]
