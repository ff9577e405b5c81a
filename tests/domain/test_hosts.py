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
        ("https://evil.example%2f.good.example/", "evil.example…"),
        ("https://evil.example%20.good.example/", "evil.example…"),
        ("https://evil.example%0a.good.example/", "evil.example…"),
        ("https://evil.example%1b[31m/", "evil.example…"),
        ("https://2852039166%2f.good.example/", "169.254.169.254…"),
        ("https://good.example@{concat('.evil.example')}", "good.example…"),
        ("https://me:1234@{{host}}/", "me…"),
        ("https://good.example:{{port}}/", "good.example…"),
        ("https://good.example:80{{tail}}/", "good.example:80…"),
        ("https://-evil.example/", "-evil.example"),
        ("https://-~.evil.example/", "-~.evil.example"),
        ("https://~!evil.example:80/", "~!evil.example"),
        ("https://\U0001f600.example/", "xn--e28h.example"),
        ("https://\u0939\u093f\u0928\u094d\u0926\u0940.example/", "xn--j2bd4cyah0f.example"),
        ("good.example{{tail}}", "good.example…"),
        ("evil.example.", "evil.example"),
        ("\u00e9vil.example:1883", "xn--vil-9la.example:1883"),
        ("_sip.evil.example", "_sip.evil.example"),
        ("mqtt.internal", "mqtt.internal"),
    ],
)
def test_an_address_leads_where_it_leads(address: str, host: str) -> None:
    assert host_named(address) == {host}


@pytest.mark.parametrize(
    "written",
    [
        "2852039166",
        "0xa9fea9fe",
        "0XA9FEA9FE",
        "169.254.43518",
        "0251.0376.0251.0376",
        "0xa9.0376.43518",
        "169.254.169.254.",
        "[::ffff:169.254.169.254]",
        "[::FFFF:a9fe:a9fe]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "%31%36%39.254.169.254",
        "\uff11\uff16\uff19\u3002254.169.254",
    ],
)
def test_an_address_of_numbers_has_one_name_however_it_is_written(written: str) -> None:
    assert host_named(f"http://{written}/latest") == hosts_in(f"see http://{written}/x") == {"169.254.169.254"}
    assert host_named(f"http://{written}:80") == {"169.254.169.254:80"}
    assert host_named(written) == {"169.254.169.254"}


def test_an_ipv6_address_has_one_name() -> None:
    written = ("[2001:DB8:0:0:0:0:0:1]", "[2001:db8::1]", "[2001:0db8::0.0.0.1]")
    assert {name for one in written for name in host_named(f"https://{one}/")} == {"[2001:db8::1]"}


@pytest.mark.parametrize("name", ["10.0.0.5", "256.1.1.1", "1.2.3.4.5", "a1b2c3d4.5e6f78", "v1.2.example", "a.0x1g"])
def test_a_name_that_only_looks_like_a_number_stays(name: str) -> None:
    assert host_named(f"http://{name}/") == hosts_in(f"http://{name} ") == {name}


@pytest.mark.parametrize(
    "text",
    [
        "=https://good.example{{ '.evil.example' }}/x",
        "https://good.example@{concat('.evil.example')}",
        "@concat('https://good.example', variables('x'))",
        "[concat('https://good.example',parameters('x'))]",
        "fetch(`https://good.example${tail}/`)",
        "fetch('https://good.example' + tail)",
        'fetch(\\"https://good.example\\"\\n  + tail)',
        "$fetch('https://good.example' & $tail)",
        "'https://good.example'.concat(tail)",
        "{{ 'https://good.example' ~ tail }}",
        "printf('https://good.example%s', tail)",
        "https://good.example:{{port}}/",
        "https://good.example:secret@{{host}}/",
        *(f"https://good.example{sign}x.evil.example/" for sign in "~!*=(,;|^&)+$}"),
        "https://good.example~~x.evil.example/",
        "https://good.example~.evil.example/",
        "https://good.example~\u00ad\u3002evil.example/",
        "https://good.example~x%2eevil.example/",
        "https://good.example~x.evil.example://",
        "https://good.example;a=b.evil.example/",
        "see https://good.example,%2eevil.example/",
    ],
)
def test_a_name_that_an_expression_goes_on_with_is_not_taken_as_whole(text: str) -> None:
    assert hosts_in(text) == {"good.example…"}


@pytest.mark.parametrize(
    "text",
    [
        "fetch('https://good.example', {method})",
        "fetch('https://good.example' + '/path/' + x)",
        '["https://good.example", "b"]',
        "concat('https://good.example', '/path', x)",
        "https://good.example/{{x}}",
        "https://good.example?x=${y}",
        "(see https://good.example).",
        "\u201chttps://good.example\u201d",
        "a == 'https://good.example' && b",
        "^https://good.example$",
        "(https://good.example)",
        "[good](https://good.example), and more",
        "[good](https://good.example)!",
        "<a href=https://good.example>(x)</a>",
        "https://good.example;",
        "fetch(https://good.example); return x",
        "https://good.example, or nothing",
        "https://good.example! Really",
        "**https://good.example** and *https://good.example*",
        "|https://good.example|",
        "https://good.example&",
        "to=https://good.example&b=1&c=2",
        "Endpoint=https://good.example;Key=abc==",
        "href=&quot;https://good.example&quot;&gt;good.example&lt;/a",
        "(https://good.example)...",
        "\u201c(https://good.example).\u201d",
    ],
)
def test_a_name_that_ends_where_its_text_does_is_whole(text: str) -> None:
    assert hosts_in(text) == {"good.example"}


@pytest.mark.parametrize("text", ["${HOST}", "{{host}}", "", "https://", "https://{{host}}/x", "/path/only"])
def test_an_expression_names_no_host(text: str) -> None:
    assert host_named(text) == set()


def test_every_address_in_a_text_counts() -> None:
    text = """fetch('https://a.example/x?u=1', "wss://b.example"); // https://p@\u00e9vil.example, http://c.example."""
    assert hosts_in(text) == {"a.example", "b.example", "xn--vil-9la.example", "c.example"}
    assert hosts_in('{"url": "https://a.example","mail":"me@b.example"}') == {"a.example"}
    for between in (",", ";", "|", ")("):
        assert hosts_in(f"https://a.example{between}wss://b.example:80") == {"a.example", "b.example:80"}
    assert hosts_in("https://x@a.example@b.example/") == {"b.example"}
    assert hosts_in("https://${x}/ xhttps://y.example") == set()
    assert hosts_in("https://me:1234@{{host}}/") == {"me…"}


def test_half_a_character_is_no_name_and_no_error() -> None:
    assert all(
        name.isascii() for name in host_named("https://\ud800.example/") | hosts_in("https://%ff\udfff.example ")
    )


@pytest.mark.usefixtures("collector_waits")
def test_a_name_longer_than_any_costs_nothing() -> None:
    begun = time.process_time()
    (found,) = host_named("https://" + "\u00e9" * 500_000)
    assert found.endswith("…")
    assert len(found) < 600
    assert len(hosts_in("https://" + "a%41" * 200_000 + "!")) == 1
    assert time.process_time() - begun < 1
