"""Which hosts an address speaks of: what a browser or Node.js would reach, not what it looks like."""

from __future__ import annotations

import time

import pytest

from store.domain.hosts import host_named, hosts_in


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://API.good.example:8443/x", "api.good.example:8443"),
        ("https://user:pass@good.example/", "good.example"),
        ("https://x@good.example@evil.example/", "evil.example"),
        ("https://good.example'@evil.example/", "evil.example"),
        ("https://%65vil.example/", "evil.example"),
        ("https://good.example\u00ad.evil.example/", "good.example.evil.example"),
        ("https://good.example\t.evil.example/", "good.example.evil.example"),
        ("https://\u00e9vil.example./x", "xn--vil-9la.example"),
        ("https://\uff45vil\u3002example/", "evil.example"),
        ("https:\\\\evil.example\\x", "evil.example"),
        ("https:evil.example/x", "evil.example"),
        ("https://good.example$.evil.example/", "good.example…"),
        ("https://good.example{{flow.tail}}/", "good.example…"),
        ("http://[::1]:1880/", "[::1]:1880"),
        ("evil.example.", "evil.example"),
        ("\u00e9vil.example:1883", "xn--vil-9la.example:1883"),
        ("_sip.evil.example", "_sip.evil.example"),
        ("mqtt.internal", "mqtt.internal"),
    ],
)
def test_an_address_leads_where_it_leads(address: str, host: str) -> None:
    assert host_named(address) == {host}


@pytest.mark.parametrize("text", ["${HOST}", "{{host}}", "", "https://", "https://{{host}}/x", "/path/only"])
def test_an_expression_names_no_host(text: str) -> None:
    assert host_named(text) == set()


def test_every_address_in_a_text_counts() -> None:
    text = """fetch('https://a.example/x?u=1', "wss://b.example"); // https://p@\u00e9vil.example, http://c.example."""
    assert hosts_in(text) == {"a.example", "b.example", "xn--vil-9la.example", "c.example"}
    assert hosts_in('{"url": "https://a.example","mail":"me@b.example"}') == {"a.example"}
    assert hosts_in("https://x@a.example@b.example/") == {"b.example"}
    assert hosts_in("https://${x}/ xhttps://y.example") == set()


def test_a_name_longer_than_any_costs_nothing() -> None:
    begun = time.process_time()
    (found,) = host_named("https://" + "\u00e9" * 500_000)
    assert found.endswith("…")
    assert len(found) < 600
    assert time.process_time() - begun < 1
