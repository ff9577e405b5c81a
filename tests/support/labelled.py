"""A labelled set, made anew for each run: tokens of many issuers where exports hold them, and look-alikes.

Tokens are made from their issuers' published formats by a seeded generator: nothing here is anybody's secret.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

LETTERS, DIGITS, HEX = string.ascii_letters, string.digits, "0123456789abcdef"
ALNUM = LETTERS + DIGITS
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One export, and the secrets in it (none: a look-alike)."""

    name: str
    what: str
    data: bytes
    secrets: tuple[str, ...] = ()


def pick(r: random.Random, letters: str, length: int) -> str:
    """Return random letters, at least one of them a digit where there are digits to choose from."""
    text = "".join(r.choice(letters) for _ in range(length))
    if length > 3 and "7" in letters and not any(c.isdigit() for c in text):
        text = text[:2] + "7" + text[3:]
    return text


def jwt(r: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return (
        f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': pick(r, DIGITS, 9), 'iat': 1})}.{pick(r, URLSAFE, 43)}"
    )


def pem(r: random.Random) -> str:
    lines = "\n".join(pick(r, BASE64, 64) for _ in range(4))
    return "-----BEGIN RSA PRIVATE " + f"KEY-----\n{lines}\n-----END RSA PRIVATE " + "KEY-----"


TOKENS: dict[str, Callable[[random.Random], str]] = {
    "github classic": lambda r: "ghp" + "_" + pick(r, ALNUM, 36),
    "github fine-grained": lambda r: "github" + "_pat_" + pick(r, ALNUM, 22) + "_" + pick(r, ALNUM, 59),
    "github app": lambda r: "ghs" + "_" + pick(r, ALNUM, 36),
    "gitlab": lambda r: "glpat" + "-" + pick(r, URLSAFE, 20),
    "aws id": lambda r: "AKIA" + pick(r, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
    "slack bot": lambda r: "xoxb" + f"-{pick(r, DIGITS, 12)}-{pick(r, DIGITS, 12)}-{pick(r, ALNUM, 24)}",
    "slack app": lambda r: "xapp" + f"-1-A{pick(r, DIGITS, 10)}-{pick(r, DIGITS, 12)}-{pick(r, HEX, 64)}",
    "slack user": lambda r: "xoxp" + f"-{pick(r, DIGITS, 11)}-{pick(r, DIGITS, 11)}-{pick(r, HEX, 32)}",
    "stripe": lambda r: "sk" + "_live_" + pick(r, ALNUM, 24),
    "stripe restricted": lambda r: "rk" + "_live_" + pick(r, ALNUM, 40),
    "stripe webhook": lambda r: "whsec" + "_" + pick(r, ALNUM, 32),
    "openai": lambda r: "sk" + "-" + pick(r, ALNUM, 48),
    "openai project": lambda r: "sk" + "-proj-" + pick(r, URLSAFE.replace("-", ""), 64),
    "anthropic": lambda r: "sk" + "-ant-api03-" + pick(r, URLSAFE.replace("-", ""), 93),
    "google api": lambda r: "AI" + "za" + pick(r, URLSAFE, 35),
    "google oauth": lambda r: "GOCSPX" + "-" + pick(r, URLSAFE, 28),
    "google access": lambda r: "ya29" + ".a0" + pick(r, URLSAFE, 120),
    "google refresh": lambda r: "1//" + "0g" + pick(r, URLSAFE, 60),
    "jwt": jwt,
    "sendgrid": lambda r: "SG" + "." + pick(r, ALNUM, 22) + "." + pick(r, ALNUM, 43),
    "mailgun": lambda r: "key" + "-" + pick(r, HEX, 32),
    "mailchimp": lambda r: pick(r, HEX, 32) + "-us" + pick(r, "123456789", 1),
    "twilio": lambda r: "SK" + pick(r, HEX, 32),
    "telegram": lambda r: pick(r, "123456789", 10) + ":AA" + pick(r, URLSAFE, 33),
    "npm": lambda r: "npm" + "_" + pick(r, ALNUM, 36),
    "pypi": lambda r: "pypi" + "-AgEIcHlwaS5vcmc" + pick(r, URLSAFE, 120),
    "docker": lambda r: "dckr" + "_pat_" + pick(r, URLSAFE, 27),
    "digitalocean": lambda r: "dop" + "_v1_" + pick(r, HEX, 64),
    "databricks": lambda r: "dapi" + pick(r, HEX, 32),
    "grafana service": lambda r: "glsa" + "_" + pick(r, ALNUM, 32) + "_" + pick(r, HEX, 8),
    "shopify": lambda r: "shpat" + "_" + pick(r, HEX, 32),
    "hubspot": lambda r: f"pat-na1-{UUID(int=r.getrandbits(128), version=4)}",
    "notion": lambda r: "ntn" + "_" + pick(r, ALNUM, 46),
    "airtable": lambda r: "pat" + pick(r, ALNUM, 14) + "." + pick(r, HEX, 64),
    "linear": lambda r: "lin" + "_api_" + pick(r, ALNUM, 40),
    "atlassian": lambda r: "ATATT3" + "xFfGF0" + pick(r, URLSAFE, 170) + "=" + pick(r, "0123456789ABCDEF", 8),
    "azure client": lambda r: pick(r, ALNUM, 3) + "8Q~" + pick(r, ALNUM + "_.-~", 34),
    "hugging face": lambda r: "hf" + "_" + pick(r, LETTERS, 33) + "7",
    "groq": lambda r: "gsk" + "_" + pick(r, ALNUM, 52),
    "perplexity": lambda r: "pplx" + "-" + pick(r, ALNUM, 48),
    "replicate": lambda r: "r8" + "_" + pick(r, ALNUM, 37),
    "vault": lambda r: "hvs" + "." + pick(r, URLSAFE, 90),
    "postman": lambda r: "PMAK" + "-" + pick(r, HEX, 24) + "-" + pick(r, HEX, 34),
    "new relic": lambda r: "NRAK" + "-" + pick(r, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 27),
    "tailscale": lambda r: "tskey" + "-auth-" + pick(r, ALNUM, 12) + "-" + pick(r, ALNUM, 32),
    "facebook": lambda r: "EAA" + pick(r, ALNUM, 160),
    "square": lambda r: "sq0atp" + "-" + pick(r, URLSAFE, 22),
    "sentry": lambda r: "sntrys" + "_" + pick(r, ALNUM, 80),
    "figma": lambda r: "figd" + "_" + pick(r, URLSAFE, 40),
    "brevo": lambda r: "xkeysib" + "-" + pick(r, HEX, 64) + "-" + pick(r, ALNUM, 16),
}
"""Issuer → a token of its format."""

_WORDS = ("orders", "return", "await", "payload", "monthly", "sync", "customer", "alert", "weather")


def node_red(field: str, value: object) -> bytes:
    nodes = [
        {"id": "8f2c1a9be0d37c41", "type": "tab", "label": "Orders"},
        {
            "id": "c0ffee0123456789",
            "type": "function",
            "z": "8f2c1a9be0d37c41",
            "name": "call",
            field: value,
            "wires": [[]],
        },
    ]
    return json.dumps(nodes, indent=4).encode()


def n8n(parameters: object) -> bytes:
    node = {
        "id": "2b0a6a43-9d0c-4a4e-bb4f-2f6f2f6f1c11",
        "name": "HTTP Request",
        "type": "n8n-nodes-base.httpRequest",
        "typeVersion": 4,
        "parameters": parameters,
        "credentials": {"slackApi": {"id": "12", "name": "Slack account"}},
    }
    return json.dumps({"name": "w", "nodes": [node], "connections": {}}, indent=2).encode()


def power(inputs: object) -> bytes:
    action = {"Call": {"type": "Http", "inputs": inputs, "runAfter": {}}}
    return json.dumps(
        {"properties": {"definition": {"$schema": "https://schema.management.azure.com/x#", "actions": action}}}
    ).encode()


PLACES: dict[str, Callable[[str, str], tuple[str, bytes]]] = {
    "function code, quoted": lambda t, w: ("flows.json", node_red("func", f'const {w} = "{t}";\nreturn msg;')),
    "function code, first on a line": lambda t, w: ("flows.json", node_red("func", f"/*\n{t}\n*/\nreturn {w};")),
    "header in code": lambda t, w: ("flows.json", node_red("func", f"msg.headers = {{'X-{w}': '{t}'}};")),
    "n8n field": lambda t, w: ("w.json", n8n({w: t})),
    "n8n header pair": lambda t, w: (
        "w.json",
        n8n({"headerParameters": {"parameters": [{"name": f"X-{w}", "value": t}]}}),
    ),
    "n8n code": lambda t, w: ("w.json", n8n({"jsCode": f"// {w}\nreturn fetch(u, {{ h: `{t}` }})"})),
    "query": lambda t, w: ("w.json", n8n({"url": f"https://api.example.com/v1/{w}?id=7&k={t}&page=2"})),
    "power automate header": lambda t, w: ("definition.json", power({"headers": {w: t}})),
    "yaml": lambda t, w: ("automations.yaml", f"- alias: {w}\n  action:\n    data:\n      message: {t}\n".encode()),
    "xml": lambda t, w: ("flow.xml", f"<Flow><label>{w}</label><value><s>{t}</s></value></Flow>".encode()),
}


def tokens(r: random.Random) -> Iterator[Labelled]:
    """Yield every issuer's token in three of the places."""
    for issuer, make in TOKENS.items():
        for place in r.sample(sorted(PLACES), 3):
            token = make(r)
            name, data = PLACES[place](token, r.choice(_WORDS))
            yield Labelled(name=name, what=f"{issuer} in {place}", data=data, secrets=(token,))


def password(r: random.Random) -> str:
    return r.choice(
        [
            pick(r, ALNUM, 12),
            pick(r, ALNUM + "!#%&*+", 14).replace("&", "!"),
            r.choice(["Sommer", "Winter", "orders", "hunter"]) + pick(r, DIGITS, 4) + "!",
            pick(r, LETTERS, 10),
        ]
    )


def named(r: random.Random) -> Iterator[Labelled]:
    """Yield values that only their name, or their place, makes a secret."""

    def one(what: str, name: str, data: bytes, *secrets: str) -> Labelled:
        return Labelled(name=name, what=what, data=data, secrets=secrets)

    for _ in range(3):
        p, k, h = password(r), pick(r, ALNUM, 32), pick(r, HEX, 32)
        b64 = pick(r, BASE64, 86) + "=="
        yield one("mqtt credentials", "flows.json", node_red("credentials", {"user": "u", "password": p}), p)
        yield one("unnamed credential", "flows.json", node_red("credentials", {"accessKey": k, "whatever": h}), k, h)
        yield one("const password", "flows.json", node_red("func", f'const password = "{p}";'), p)
        yield one("object in code", "flows.json", node_red("func", f"connect({{ user: 'x', password: '{p}' }})"), p)
        yield one("JSON in code", "flows.json", node_red("template", json.dumps({"apiKey": k})), k)
        yield one(
            "JSON in JSON in code",
            "flows.json",
            node_red("func", f"x = {json.dumps(json.dumps({'client_secret': k}))}"),
            k,
        )
        yield one(
            "credential variable", "flows.json", node_red("env", [{"name": "FOO", "value": p, "type": "cred"}]), p
        )
        yield one(
            "node-red header",
            "flows.json",
            node_red("headers", [{"keyType": "other", "keyValue": "X-API-Key", "valueType": "other", "valueValue": h}]),
            h,
        )
        yield one(
            "change node",
            "flows.json",
            node_red("rules", [{"t": "set", "p": "token", "pt": "msg", "to": k, "tot": "str"}]),
            k,
        )
        yield one("curl -u", "flows.json", node_red("command", f"curl -s -u admin:{p} https://host.example/x"), p)
        yield one("mosquitto -P", "flows.json", node_red("command", f"mosquitto_pub -h h -u u -P {p} -t a -m b"), p)
        yield one("environment in exec", "flows.json", node_red("command", f"API_TOKEN={k} ./run.sh"), k)
        yield one(
            "flows_cred",
            "flows_cred.json",
            json.dumps({"$": pick(r, HEX, 32) + (e := pick(r, BASE64, 120))}).encode(),
            e,
        )
        yield one(
            "bearer in code", "flows.json", node_red("func", f'msg.headers = {{"Authorization": "Bearer {k}"}};'), k
        )
        yield one("authorization without scheme", "w.json", n8n({"headers": {"Authorization": h}}), h)
        yield one("authorization token", "w.json", n8n({"jsonHeaders": json.dumps({"Authorization": f"Token {k}"})}), k)
        basic = base64.b64encode(f"olive:{p}".encode()).decode()
        yield one(
            "basic",
            "w.json",
            n8n({"headerParameters": {"parameters": [{"name": "Authorization", "value": f"Basic {basic}"}]}}),
            basic,
        )
        yield one(
            "api key pair", "w.json", n8n({"queryParameters": {"parameters": [{"name": "api_key", "value": h}]}}), h
        )
        yield one(
            "assignment",
            "w.json",
            n8n({"assignments": [{"id": "1", "name": "openaiApiKey", "value": k, "type": "string"}]}),
            k,
        )
        yield one("value first", "w.json", n8n({"fields": [{"value": k, "name": "accessToken"}]}), k)
        yield one("query key", "w.json", n8n({"url": f"https://api.weather.example/data?q=Ulm&appid={h}"}), h)
        yield one("query token", "w.json", n8n({"url": f"https://hook.example/in?access_token={k}&x=1"}), k)
        yield one(
            "url password",
            "w.json",
            n8n({"url": f"https://svc:{p.replace('#', '_').replace('%', '_')}@db.example/orders"}),
            p.replace("#", "_").replace("%", "_"),
        )
        yield one("mongodb", "w.json", n8n({"connectionString": f"mongodb+srv://app:{k}@c0.example.net/db"}), k)
        hook = f"T{pick(r, DIGITS, 8)}/B{pick(r, DIGITS, 8)}/{pick(r, ALNUM, 24)}"
        yield one("slack webhook", "w.json", n8n({"url": f"https://hooks.slack.com/services/{hook}"}), hook)
        yield one(
            "discord webhook",
            "w.json",
            n8n({"url": f"https://discord.com/api/webhooks/{pick(r, DIGITS, 18)}/{(d := pick(r, URLSAFE, 68))}"}),
            d,
        )
        yield one(
            "basic auth action",
            "definition.json",
            power({"authentication": {"type": "Basic", "username": "u", "password": p}}),
            p,
        )
        yield one(
            "oauth action",
            "definition.json",
            power({"authentication": {"type": "ActiveDirectoryOAuth", "secret": k}}),
            k,
        )
        yield one("subscription key", "definition.json", power({"headers": {"Ocp-Apim-Subscription-Key": h}}), h)
        yield one("functions key", "definition.json", power({"headers": {"x-functions-key": b64}}), b64)
        yield one(
            "sas trigger",
            "definition.json",
            power(
                {
                    "uri": f"https://prod-1.westeurope.logic.azure.com/workflows/{h}/triggers/manual/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers&sv=1.0&sig={(s := pick(r, URLSAFE, 43))}"
                }
            ),
            s,
        )
        yield one(
            "function code",
            "definition.json",
            power({"uri": f"https://f.azurewebsites.net/api/x?code={(c := pick(r, ALNUM, 54))}=="}),
            c,
        )
        storage = f"DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={b64};EndpointSuffix=core.windows.net"
        yield one("storage string", "definition.json", power({"body": storage}), b64)
        yield one(
            "service bus string",
            "definition.json",
            power(
                {
                    "body": f"Endpoint=sb://n.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={(a := pick(r, BASE64, 43))}="
                }
            ),
            a,
        )
        yield one(
            "sql string",
            "definition.json",
            power({"body": f"Server=tcp:s.database.windows.net,1433;User ID=u;Password={k};Encrypt=True"}),
            k,
        )
        settings = {
            "IsEncrypted": False,
            "Values": {"AzureWebJobsStorage": storage, "FUNCTIONS_WORKER_RUNTIME": "node", "Partner": k},
        }
        yield one("local settings", "local.settings.json", json.dumps(settings, indent=2).encode(), b64, k)
        yield one(
            "yaml password",
            "configuration.yaml",
            f"mqtt:\n  broker: 10.0.0.2\n  username: ha\n  password: {p}\n".replace(": ,", ": ").encode(),
            p,
        )
        yield one("yaml quoted", "configuration.yaml", f"sensor:\n  - platform: rest\n    api_key: '{h}'\n".encode(), h)
        yield one(
            "yaml authorization",
            "configuration.yaml",
            f"rest_command:\n  x:\n    headers:\n      authorization: Bearer {(j := jwt(r))}\n".encode(),
            j,
        )
        yield one(
            "yaml header",
            "configuration.yaml",
            f"rest:\n  - resource: http://x\n    headers:\n      X-Auth-Token: {k}\n".encode(),
            k,
        )
        yield one("secrets.yaml", "secrets.yaml", f"wifi: {p}\nhome_lat: {k}\n".encode(), k)
        yield one(
            "yaml pem",
            "configuration.yaml",
            ("cert: |\n  " + (key := pem(r)).replace("\n", "\n  ") + "\n").encode(),
            key.split("\n")[2],
        )
        yield one(
            "json pem",
            "sa.json",
            json.dumps({"type": "service_account", "private_key": (q := pem(r).replace("RSA ", "")) + "\n"}).encode(),
            q.split("\n")[3],
        )
        yield one("env pair in yaml", "deploy.yaml", f"env:\n  - name: DB_PASSWORD\n    value: {k}\n".encode(), k)
        yield one("xml element", "app.xml", f"<App><consumerSecret>{k}</consumerSecret></App>".encode(), k)
        yield one("xml attribute", "web.xml", f'<c><add key="ApiPassword" value="{k}"/></c>'.encode(), k)
        yield one(
            "xml setting",
            "env.xml",
            f'<environmentvariabledefinition schemaname="x_ApiKey"><displayname default="k"/><defaultvalue>{h}</defaultvalue></environmentvariabledefinition>'.encode(),
            h,
        )
        yield one("grafana", "dash.json", json.dumps({"datasource": {"secureJsonData": {"basicAuth": p}}}).encode(), p)
        yield one(
            "aws secret",
            "asl.json",
            json.dumps({"States": {"A": {"Parameters": {"SecretAccessKey": (w := pick(r, BASE64, 40))}}}}).encode(),
            w,
        )
        yield one(
            "appsmith header",
            "app.json",
            json.dumps({"actionConfiguration": {"headers": [{"key": "x-api-key", "value": h}]}}).encode(),
            h,
        )
        yield one(
            "make blueprint",
            "blueprint.json",
            json.dumps({"flow": [{"mapper": {"qs": [{"name": "token", "value": k}]}}]}).encode(),
            k,
        )


LOOKALIKES: tuple[tuple[str, str, object], ...] = (
    ("uuid", "requestId", "3f2b8c1e-7d4a-4a55-9c1e-0a1b2c3d4e5f"),
    ("sha-256", "sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("sha-1", "commit", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("etag", "etag", 'W/"0x8D9F1C2B3A4D5E6"'),
    ("node id", "z", "6312c0588348b2d4"),
    ("old node id", "broker", "33daaadd.09b7c6"),
    ("wire", "wires", [["a1b2c3d4e5f60718"]]),
    ("sheet id", "documentId", "1l59ikBvEwPNSWIm2k6KRMFPTNImJPYqs9bzGT5dUiU0"),
    ("image", "icon", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"),
    ("expression", "password", "={{ $json.password }}"),
    ("expression header", "Authorization", "=Bearer {{ $credentials.token }}"),
    ("power expression", "password", "@parameters('sqlPassword')"),
    ("arm expression", "adminPassword", "[parameters('adminPassword')]"),
    ("key vault", "secret", "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x/)"),
    ("secrets manager", "SecretString", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"),
    ("your key", "api_key", "YOUR_API_KEY"),
    ("your token here", "token", "<your token here>"),
    ("insert", "apiKey", "INSERT-YOUR-KEY-HERE"),
    ("put here in stars", "API_SECRET", "**PUT_API_SECRET_HERE**"),
    ("quoted twice", "x-rapidapi-key", '"your_api_key"'),
    ("in one word", "token", "YOURTOKENHERE"),
    ("in two words", "password", "yourPassword"),
    ("after the issuer's beginning", "api_key", "tvly-YOUR_API_KEY"),
    ("xs after the issuer's beginning", "apiKey", "sk-xxxx"),
    ("dots after the issuer's beginning", "openAIApiKey", "sk-..."),
    ("how a browser fetches", "credentials", "same-origin"),
    ("a member of an answer", "token", "oauth2Response.access_token"),
    ("stars", "password", "********"),
    ("xs", "client_secret", "xxxxxxxxxxxxxxxx"),
    ("ys", "client_secret", "yyyy"),
    ("change me", "password", "changeme"),
    ("empty", "password", ""),
    ("none", "token", None),
    ("switch", "password", True),
    ("environment", "password", "${DB_PASSWORD}"),
    ("process", "token", "process.env.TOKEN"),
    ("message", "token", "msg.payload.token"),
    ("flow context", "apiKey", "flow.apiKey"),
    ("template", "api_key", "{{secrets.api_key}}"),
    ("label", "password", "Enter your password"),
    ("grant", "grant_type", "password"),
    ("type", "passwordType", "str"),
    ("token type", "token_type", "bearer"),
    ("limit", "max_tokens", 128000),
    ("next page", "nextToken", "eyJsYXN0IjoxfQ"),
    ("client token", "ClientToken", "clienttoken1"),
    ("public key token", "publicKeyToken", "31bf3856ad364e35"),
    ("partition key", "partitionKey", "customer-2024-00017-north-region"),
    ("s3 key", "Key", "reports/2024/11/orders-20241126T0900.csv"),
    ("sort key", "sortKey", "createdAt2024Descending01"),
    ("schema", "password", {"type": "string", "minLength": 8}),
    ("placeholder text", "placeholder", "Password (at least 8 characters)"),
    ("docs", "content", "Add your API key: open Settings, then choose *API keys* and paste the token here."),
    ("prose", "content", "Basic authentication with a bearer token is used; the secret is kept in the vault."),
    ("url", "url", "https://login.microsoftonline.com/common/oauth2/token"),
    ("url with time", "url", "http://user.example:8080/at/12:30@home"),
    ("mail", "email", "person-626a1f@example.org"),
    ("bearer type", "scheme", "Bearer authentication"),
    ("code", "func", "const password = msg.payload.password;\nconst token = await getToken2(user);\nreturn msg;"),
    ("code object", "func", "opts = { token: config.auth2.token, key: keys[3], secret: env.get('S3_SECRET') };"),
    ("code compare", "func", "if (password === undefined || token == null) { return null; }"),
    ("code concat", "func", "headers.Authorization = 'Bearer ' + token1;"),
    ("sql", "query", "SELECT token, password FROM users WHERE key = 'orders' AND id = 17"),
    ("html", "html", '<input type="password" name="password" id="password"><label for="token">Token</label>'),
    ("css", "css", "page-backgroundColor-inherit-from-parent-theme-2"),
    ("module", "module", "node-red-contrib-very-long-module-name-of-somebody-2"),
    ("certificate", "cert", "-----BEGIN CERTIFICATE-----\nMIIBszCCARygAwIBAgIJAK7\n-----END CERTIFICATE-----"),
    ("public key", "publicKey", "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK\n-----END PUBLIC KEY-----"),
    ("ssh public key", "key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJl3dIeudNqd0DMROsuncrYqu6bBPO9hFrU0HBcXOBlk bo"),
    ("version", "versionId", "b0f5a9a1c0de4b7d8e9f"),
    ("translation key", "translationKey", "dialog.confirm.delete2.title"),
    ("webhook id", "webhookId", "d6b86682-7e02-4b79-a157-9d2c5d4d8a01"),
    ("redacted", "password", "[redacted]"),
    ("doc example", "AccessKeyId", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("credential name", "credentials", {"slackApi": {"id": "12", "name": "Slack account 2"}}),
    ("tags", "tags", ["token", "secret", "password", "api-key"]),
    ("cron", "crontab", "*/15 8-18 * * 1-5"),
)  # fmt: skip
YAML_LOOKALIKES = (
    "mqtt:\n  password: !secret mqtt_password\n  username: ha\n",
    "api_key: !env_var API_KEY\n",
    "input_text:\n  wifi_password:\n    name: Wi-Fi password\n    mode: password\n",
    "automation:\n  - id: '1597261883'\n    alias: Token expired\n    trigger: []\n",
    "entity_id: sensor.token_expiry\nkey: value\ncode: !secret alarm_code\n",
    "unique_id: 7f3c2a9be0d34c41a5b6c7d8e9f00112\n",
)


def lookalikes() -> Iterator[Labelled]:
    """Yield exports that hold what only looks like a secret."""
    for what, field, value in LOOKALIKES:
        yield Labelled(name="flows.json", what=f"{what} in node-red", data=node_red(field, value))
        yield Labelled(name="w.json", what=f"{what} in n8n", data=n8n({field: value}))
        yield Labelled(name="definition.json", what=f"{what} in power automate", data=power({field: value}))
    for number, text in enumerate(YAML_LOOKALIKES):
        yield Labelled(name="configuration.yaml", what=f"yaml {number}", data=text.encode())


def positives(seed: int) -> list[Labelled]:
    """Return every export of the set that holds secrets."""
    r = random.Random(seed)
    return [one for one in (*tokens(r), *named(r)) if one.secrets]
