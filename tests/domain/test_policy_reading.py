"""Policy is read from TOML whole or not at all, and every fault is named where it stands."""

from __future__ import annotations

import pytest

from store.domain.policy import RISKS, ApprovalRule, EnvironmentRules, Policy, default_policy
from store.domain.policy.checks import contradictions
from store.domain.policy.positions import lines_of
from store.domain.policy.presets import PRESETS, preset_text
from store.domain.policy.reading import BadPolicy, from_canonical, preset_policy, read_policy
from store.domain.policy.shape import keys_at
from store.errors import IntegrityFailure

TODAY = "9d2aabdaf1b015eafef165f89247ef22eb2859b7cd302a7883395655744cb7d8"
"""The digest of the built-in policy in ledgers that were opened before policy could be written down."""
TOUCHED = "ebda751a62e4b86a882ad3f5cdce14980336f7ebc0765275047eb838610ba815"


def faults(*texts: str, **files: str) -> list[str]:
    """Return what is said of `one.toml`, `two.toml`, … and of files named outright."""
    named = dict(zip(("one.toml", "two.toml", "zed.toml"), texts, strict=False))
    with pytest.raises(BadPolicy) as caught:
        read_policy(named | {f"{name}.toml": text for name, text in files.items()})
    return [str(fault) for fault in caught.value.faults]


def test_the_built_in_policy_is_for_ever_what_old_ledgers_name() -> None:
    assert default_policy().digest == TODAY
    assert Policy(approval_touch=True).digest == TOUCHED


def test_no_file_at_all_is_the_built_in_policy_and_so_is_its_own_text() -> None:
    assert read_policy({}) == default_policy()
    assert read_policy({"policy.toml": preset_text("default")}) == default_policy()


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_sound_and_comes_back_from_the_bytes_that_are_archived(name: str) -> None:
    policy = preset_policy(name)
    assert list(contradictions(policy)) == []
    assert from_canonical(policy.canonical) == policy
    assert from_canonical(policy.canonical).digest == policy.digest
    assert read_policy({"a.toml": f'preset = "{name}"'}) == policy


def test_the_regulated_preset_is_nowhere_weaker_than_the_default() -> None:
    strict, plain = preset_policy("regulated"), default_policy()
    for place in ("dev", "test", "staging", "prod", "elsewhere"):
        for risk in RISKS:
            assert strict.rule(risk, place).people >= plain.rule(risk, place).people
            assert strict.rule(risk, place).security >= plain.rule(risk, place).security
    assert set(strict.mandatory) > set(plain.mandatory)
    assert strict.approval_days < plain.approval_days


def test_files_lie_over_the_preset_key_by_key_and_lists_are_replaced() -> None:
    policy = read_policy(
        {
            "a.toml": 'preset = "regulated"\n[approvals.high]\npeople = 4\n',
            "b.toml": '[environments.prod.gates.change-window]\nholidays = ["05-01"]\n',
            "owners.toml": '"orders/Pay*" = ["dana"]\n',
        }
    )
    assert policy.approvals["high"].people == 4
    assert policy.approvals["high"].security
    window = policy.environment("prod").gates.change_window
    assert window is not None
    assert (window.holidays, window.time_zone) == (("05-01",), "UTC")
    assert policy.owners_of("orders", "tab:1", "Payment") == {"dana"}
    assert policy.owners_of("crm", "Payment") == frozenset()


def test_every_fault_is_listed_with_file_line_key_and_what_is_allowed() -> None:
    assert faults(
        'preset = "strict"\n[approvals.high]\npeople = 0\npeopel = 3\nroles = ["boss"]\n',
        '# a comment\n\n[environments.prod]\nenforce = "kill"\n[environments.prod.gates.tests]\n',
        owners='\n"orders/*" = ["Bo!"]\n',
    ) == [
        "one.toml:1: preset: there is no preset 'strict': use one of default, regulated",
        "one.toml:3: approvals.high.people: it should be greater than or equal to 1",
        "one.toml:4: approvals.high.peopel: there is no such key; use one of people, security, roles, owners,"
        " fresh_hours, touch, pin, deadline_hours, escalate_to",
        "one.toml:5: approvals.high.roles.0: use one of approver, security-approver, operator, responder, auditor,"
        " admin",
        "owners.toml:2: owners.orders/*.0: use the handle of a principal",
        "two.toml:4: environments.prod.enforce: use one of report, revert",
        "two.toml:5: environments.prod.gates.tests: there is no such key; use one of naming, connectors-allowed,"
        " least-privilege, tests-passed, security-scan, promoted-from, change-window, rollback-ready, no-freeze,"
        " environment-spec",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("approval_days = 7\napproval_days = 8", "no TOML"),
        ("a = [" * 5000, "no TOML"),
        ("a = " + "[" * 20_000, "nested too deeply"),
        ("x" * 300_000, "at most 262144 characters"),
        ("approval_days = 99999999999999999999", "it holds what no policy can"),
        ("approval_days = '7'", "approval_days: it should be a valid integer"),
        ("approval_days = true", "approval_days: it should be a valid integer"),
        ("approval_days = 7.0", "approval_days: it should be a valid integer"),
        ("approval_days = 0", "one.toml:1: approval_days: it should be greater"),
        ("owners = 3", "one.toml:1: owners: it should be a table"),
        ('mandatory = ["tilte"]', "mandatory.0: use one of title"),
        ("[approvals.huge]\npeople = 1", "approvals.huge: use one of low"),
        ("[approvals.low]\nsecurity = true\nroles = ['approver', 'approver']", "2 different holders"),
        ("[approvals.low]\nescalate_to = ['admin']", "it needs deadline_hours"),
        ("[risk.thresholds]\nmedium = 500", "risk.thresholds: medium, high and critical must rise"),
        ("[environments.a]\nbaseline = 'b'\n[environments.b]\nbaseline = 'a'", "would come before itself"),
        ("[environments.a.gates.promoted-from]", "name an environment here, or the baseline"),
        ("[environments.a.gates.change-window]\ntime_zone = 'Mars/Base'", "name of a time zone"),
        ("[environments.a.gates.change-window]\ntime_zone = '../../etc'", "name of a time zone"),
        ("[environments.a.gates.change-window]\nholidays = ['02-30']", "use a date"),
        ("[[environments.a.gates.change-window.windows]]\nstart = '25:00'", "a time of day"),
        ("[environments.a.gates.naming]\ncomponents = '(a'", "no regular expression"),
        ("[notifications.a]\nchannels = ['https://hooks.example/T0']", "never its address"),
        ("[notifications.a]\nchannels = []", "name at least one channel"),
        ("[break_glass]\nhours = 0", "at least 1 where breaking glass is allowed"),
        ("[owners]\n'a/*' = []", "owners.a/*: name at least one principal"),
        ('[templates.x]\ntitle = "two\\nlines"', "templates.x.title"),
        ("[conditions.x]\nrequire = 'risk.level =='\nbecause = 'b'", "no CEL expression"),
        ("[conditions.x]\nrequire = 'riks.level == 1'\nbecause = 'b'", "there is no riks: speak of request"),
        ("[conditions.x]\nrequire = 'true'", "conditions.x.because: it is missing"),
    ],
)
def test_what_no_policy_may_hold_is_refused_in_words(text: str, said: str) -> None:
    assert any(said in fault for fault in faults(text)), faults(text)


def test_two_files_cannot_say_the_same_thing_twice() -> None:
    found = faults(
        "approval_days = 3\npreset = 'default'",
        "preset = 'regulated'\n[approvals.low]\npeople = 2",
        "approval_days = 3\n[approvals]\nlow.people = 2",
    )
    assert "zed.toml:1: approval_days: one.toml says this already (line 1)" in found
    assert "zed.toml:3: approvals.low.people: two.toml says this already (line 3)" in found
    assert "two.toml:1: preset: one.toml names the preset already" in found


def test_an_environment_is_found_by_its_name_then_by_the_longest_glob_and_an_unknown_level_is_strictest() -> None:
    policy = Policy(
        environments={
            "*": EnvironmentRules(order=9),
            "prod*": EnvironmentRules(order=5),
            "prod": EnvironmentRules(order=4, approvals={"low": ApprovalRule(people=3)}),
        }
    )
    assert [policy.environment(name).order for name in ("prod", "prod-eu", "dev")] == [4, 5, 9]
    assert policy.rule("low", "prod").people == 3
    assert policy.rule("low", "prod-eu").people == 1
    assert policy.rule("unheard of", "prod") == policy.approvals["critical"]


def test_bytes_that_are_no_policy_are_an_integrity_failure() -> None:
    for data in (b"{}x", b"[]", b'{"approval_days": 0}', b'{"future": 1}'):
        with pytest.raises(IntegrityFailure, match="adopted policy cannot be read"):
            from_canonical(data)


def test_keys_are_found_on_their_lines_through_strings_arrays_and_comments() -> None:
    text = (
        "# [no.table]\n"
        'a = """\n[not.a.table]\nb = 1\n"""\n'
        "c = [ # a comment with ] in it\n  '[', \"]\",\n  {x = 1},\n]\n"
        "[t.\"u.v\".'w x']\n"
        "d.e = '''\n#'''  # after\n"
        "[[many]]\nf = 1\r\n"
        "[[many]]\n\n  f = { g = 1, h = '}' }\n[many.sub]\nk=1"
    )
    lines = lines_of(text)
    assert {path: lines[path] for path in (("a",), ("c",), ("t", "u.v", "w x"), ("t", "u.v", "w x", "d", "e"))} == {
        ("a",): 2,
        ("c",): 6,
        ("t", "u.v", "w x"): 10,
        ("t", "u.v", "w x", "d", "e"): 11,
    }
    assert (lines["many", "0", "f"], lines["many", "1", "f"], lines["many", "1", "sub", "k"]) == (14, 17, 19)
    assert ("b",) not in lines
    assert ("not",) not in lines


def test_an_unknown_key_is_answered_with_the_keys_of_its_place() -> None:
    assert keys_at(["environments", "prod", "gates", "promoted-from"]) == ("environment", "soak_hours")
    assert keys_at(["approvals", "low"])[0] == "people"
    assert "preset" in keys_at([])
    assert keys_at(["owners", "x"]) == ()


def test_what_contradicts_itself_is_listed_beside_what_cannot_be_read() -> None:
    found = faults(
        """approval_days = "x"
[approvals.low]
roles = ["approver", "admin"]
[environments.bad]
order = "a"
[environments.prod]
baseline = "prod"
[conditions.broken]
require = "risk.level =="
because = "x"
[conditions.wrong]
require = "1 + 1"
because = "x"
"""
    )
    assert [line.split(": ")[0] + ": " + line.split(": ")[1] for line in found] == [
        "one.toml:1: approval_days",
        "one.toml:3: approvals.low.roles",
        "one.toml:5: environments.bad.order",
        "one.toml:7: environments.prod.baseline",
        "one.toml:9: conditions.broken.require",
        "one.toml:12: conditions.wrong.require",
    ]


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("request.titel == 'x'", "there is no request.titel: request has id, project, environment, title"),
        ("approvers.size > 1", "there is no approvers.size: approvers is a list"),
        ("risk.level > 3", "types do not fit together"),
        ("risk.points + 'a' == 'b'", "types do not fit together"),
        ("unheard(risk.level)", "there is no function unheard"),
        ("size(approvers)", "it says int, neither yes nor no"),
        ("now.weekday", "it says str, neither yes nor no"),
    ],
)
def test_a_condition_that_would_break_at_every_gate_is_a_fault_of_the_file(when: str, said: str) -> None:
    (fault,) = faults(f"""[conditions.c]\nbecause = "x"\nrequire = "{when}"\n""")
    assert fault.startswith("one.toml:3: conditions.c.require: ")
    assert said in fault


@pytest.mark.parametrize(
    "when",
    [
        "change.components[7] == 'a'",
        "10 / change.added > 1",
        "'request.titel' in change.hosts",
        "change.hosts.all(h, h.endsWith('.example'))",
        "size(approvers) > 1 || now.hour < 16 && risk.points > 20",
        "request.title.matches('^CR')",
    ],
)
def test_a_condition_that_depends_on_the_change_is_no_fault(when: str) -> None:
    policy = read_policy({"one.toml": f"""[conditions.c]\nbecause = "x"\nrequire = "{when}"\n"""})
    assert policy.conditions["c"].require == when


def test_a_condition_that_adds_risk_cannot_speak_of_the_risk_it_adds_to() -> None:
    (fault,) = faults("""[risk.conditions.c]\nbecause = "x"\npoints = 5\nwhen = "risk.points > 3"\n""")
    assert "risk has no value yet" in fault


def test_a_notification_about_a_kind_of_entry_that_is_none_is_a_fault() -> None:
    (fault,) = faults("""[notifications.n]\nchannels = ["x"]\nevents = ["glass.*", "approval.grantedd"]\n""")
    assert fault.startswith("one.toml:3: notifications.n.events.1: no kind of entry is called 'approval.grantedd'")
    assert "approval.granted" in fault
