"""The rule of the gate `connectors-allowed`."""

from __future__ import annotations

import pytest

from store.domain.component import Connector
from store.domain.connectors import judge
from store.domain.policy.gates import ConnectorsAllowed, Lists


def host(name: str) -> Connector:
    return Connector(kind="host", name=name)


def module(name: str, licence: str | None = None) -> Connector:
    return Connector(kind="module", name=name, licence=licence)


def licences(allow: tuple[str, ...] | None = None, deny: tuple[str, ...] = ()) -> ConnectorsAllowed:
    return ConnectorsAllowed(licences=Lists(allow=allow, deny=deny))


def test_without_lists_everything_is_allowed() -> None:
    assert judge([host("evil.example"), module("left-pad")], ConnectorsAllowed()).passed


def test_with_a_list_of_what_is_allowed_only_that_passes() -> None:
    rule = ConnectorsAllowed(hosts=Lists(allow=("*.example", "10.0.0.5:1883")))
    assert judge([host("api.example"), host("API.Example:8443"), host("10.0.0.5:1883")], rule).passed
    refused = judge([host("api.example.evil.net"), host("10.0.0.5:22")], rule)
    assert refused.reasons == (
        "host api.example.evil.net is not on the list of what is allowed",
        "host 10.0.0.5:22 is not on the list of what is allowed",
    )


def test_denied_wins_over_allowed_and_a_port_hides_nothing() -> None:
    rule = ConnectorsAllowed(hosts=Lists(allow=("*",), deny=("pastebin.com", "*.ngrok.io")))
    assert judge([host("pastebin.com:8080")], rule).reasons == ("host pastebin.com:8080 is denied (pastebin.com)",)
    assert not judge([host("x.NGROK.io")], rule).passed


@pytest.mark.parametrize("name", ["evil.com…", "evil.com:8080…", "a.evil.com…", "EVIL.com…"])
def test_a_name_that_goes_on_is_denied_by_what_is_known_of_it_and_allowed_by_none_of_that(name: str) -> None:
    assert not judge([host(name)], ConnectorsAllowed(hosts=Lists(deny=("evil.com", "*.evil.com")))).passed
    assert not judge([host(name)], ConnectorsAllowed(hosts=Lists(allow=("evil.com", "*.evil.com")))).passed
    assert judge([host(name)], ConnectorsAllowed(hosts=Lists(allow=("*evil.com…", "evil.com:8080…")))).passed


def test_an_empty_list_of_what_is_allowed_allows_nothing() -> None:
    assert not judge([module("dayjs")], ConnectorsAllowed(modules=Lists(allow=()))).passed


def test_modules_and_hosts_have_lists_of_their_own() -> None:
    rule = ConnectorsAllowed(modules=Lists(deny=("*exec*",)))
    assert judge([host("exec.example"), Connector(kind="credential", name="exec")], rule).passed
    assert judge([module("node-red-contrib-exec")], rule).reasons == (
        "module node-red-contrib-exec is denied (*exec*)",
    )


@pytest.mark.parametrize(
    ("licence", "passes"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR AGPL-3.0", False),
        ("(MIT OR GPL-3.0-only)", False),
        ("Apache-2.0 WITH LLVM-exception", True),
    ],
)
def test_of_licences_to_choose_from_one_must_do_and_of_joint_ones_all(licence: str, passes: bool) -> None:
    rule = licences(allow=("MIT", "Apache-*"), deny=("*GPL*",))
    assert judge([module("it", licence)], rule).passed is passes


def test_a_licence_that_nobody_knows_passes_only_where_the_policy_says_so() -> None:
    assert judge([module("it")], licences(allow=("MIT",))).passed
    strict = ConnectorsAllowed(unknown_licence=False)
    assert judge([module("it")], strict).reasons == ("module it has no licence that is known",)
