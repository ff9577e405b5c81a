"""The table of shapes that are secrets wherever they stand; to know one more, add a line.

Prefixes and lengths are what the issuers document or what their tokens have in common; sources: the issuers' pages,
GitHub's list of scanned patterns, and the rules that gitleaks and detect-secrets publish.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Span:
    """Where a secret stands: `text[start:end]` is the secret itself, without its name or its quotes."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A secret by its looks. The pattern is tried only where a needle stands, and begins there."""

    kind: str
    needles: tuple[bytes, ...]
    """As they stand in the text; in lower case where the pattern does not mind the case."""
    expression: bytes
    """As a regular expression: group 1 is the secret itself."""
    any_case: bool = False
    base64: bool = False
    """The secret counts only when it is the base64 of `user:password`."""
    lead: int = 0
    """How many bytes before its needle the pattern begins."""
    end: bytes = b""
    """What every match ends with, `LONGEST` bytes after its needle at most; empty: it may end with anything."""

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """The expression, compiled where a needle first stands: of most shapes none ever does, and each takes long."""
        return re.compile(self.expression, re.DOTALL | (re.IGNORECASE if self.any_case else 0))


LONGEST: Final = 512


def _shape(
    kind: str,
    needles: str,
    pattern: str,
    *,
    any_case: bool = False,
    base64: bool = False,
    lead: int = 0,
    end: bytes = b"",
) -> Shape:
    words = tuple(needle.encode() for needle in needles.split("|"))
    return Shape(
        kind=kind, needles=words, expression=pattern.encode(), any_case=any_case, base64=base64, lead=lead, end=end
    )


_NOT_INSIDE: Final = r"(?<![A-Za-z0-9_-])"
_QUOTE: Final = r"\\{0,7}[\"'`]"

GENERAL: Final = (
    _shape("password in a URL", "://|:\\/\\/", r":\\?/\\?/[^\s/:@\"'`<>\\]{0,128}:([^\s/@\"'`<>\\]{1,256})@", end=b"@"),
    _shape("token in a URL", "://", r"://((?=[A-Za-z_~.-]*[0-9])[A-Za-z0-9_~-]{20,256})@", end=b"@"),
    _shape(
        "password",
        "--pass|--pwd",
        r"--(?:password|passwd|passphrase|pass|pwd)[ =]\\{0,3}['\"]?([^\s'\"\\$<>{}%-][^\s'\"\\]{3,255})",
    ),
    _shape(
        "token",
        "--token|--secret|--api|--access|--auth",
        r"--(?:token|secret|api-?key|api-?token|access-?token|auth-?token|secret-?key|access-?key)[ =]\\{0,3}['\"]?"
        r"((?=[A-Za-z_~.-]*[0-9])[A-Za-z0-9_~.+/=-]{8,512})",
    ),
    _shape("bearer token", "bearer ", r"bearer +((?=[a-z._~+/-]{0,512}[0-9])[a-z0-9._~+/-]{12,8192}=*)", any_case=True),
    _shape(
        "basic credentials",
        "basic ",
        rf"basic +(?:{_QUOTE}\s{{0,4}}[+.,&]\s{{0,4}}{_QUOTE})?([a-z0-9+/]{{6,}}={{0,2}})",
        any_case=True,
        base64=True,
    ),
    _shape(
        "authorization",
        "authorization",
        rf"authorization(?:{_QUOTE})?\s{{0,4}}[:=,]\s{{0,4}}(?:{_QUOTE})?(?:(?:token|api-?key|key|digest|oauth|sso-key|bot)"
        r"(?: (?:token|apikey)=| |=))?((?=[a-z._~+/-]{0,512}[0-9])[a-z0-9._~+/-]{16,4096}=*)",
        any_case=True,
    ),
    _shape(
        "private key",
        "-----BEGIN ",
        r"(-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s:,.()_\\]|-(?!-))*+"
        r"(?:-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----)?)",
    ),
    _shape("private key", "PuTTY-User-Key-File", r"(PuTTY-User-Key-File-[23]:[A-Za-z0-9+/=\s:,.()_@\\-]*+)"),
    _shape(
        "shared access signature",
        "sig=",
        r"(?:(?<=[?&;])|(?<=\\u0026)|(?<![A-Za-z0-9_-])(?=sig=[A-Za-z0-9%+/_=-]{20,255}(?:&|\\u0026)(?:amp;)?s[a-z]{1,3}=))"
        r"sig=([A-Za-z0-9%+/_=-]{20,255})",
    ),
    _shape("shared access signature", "&amp;sig=", r"&amp;sig=([A-Za-z0-9%+/_=-]{20,255})"),
    _shape("function key", "code=", r"(?<=[?&;])code=([A-Za-z0-9%+/_-]{38,255}=*)"),
    _shape("password", "sshpass -p", r"sshpass -p ?['\"]?([^\s'\"\\$]{3,128})"),
    _shape(
        "password", "curl ", r"curl [^\n\"]{0,400}?(?:-u|--user)[ =]\\?['\"]?[^\s:'\"\\$]{1,128}:([^\s'\"\\$@]{3,128})"
    ),
    _shape(
        "password",
        "mosquitto_",
        r"mosquitto_(?:pub|sub|rr) [^\n\"]{0,400}?(?:-P|--pw) ?\\?['\"]?([^\s'\"\\$-][^\s'\"\\$]{2,127})",
    ),
    _shape("password", "mysql|mysqldump", r"mysql(?:dump|admin)? [^\n\"]{0,200}?(?<= )-p([^\s'\"\\$]{4,128})"),
    _shape(
        "webhook address",
        "hooks.zapier.com",
        r"hooks\.zapier\.com\\?/hooks\\?/catch\\?/[0-9]{3,12}\\?/([0-9a-z]{5,20})",
    ),
    _shape(
        "Azure client secret", "Q~", r"(?<![A-Za-z0-9_~.-])([A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34})", lead=4
    ),
)
"""Shapes without a prefix of their own; their needles are common."""

TOKENS: Final = (
    _shape("AWS access key", "AKIA|ASIA", r"(?<![A-Za-z0-9_])((?:AKIA|ASIA)[0-9A-Z]{16})(?![A-Za-z0-9_])"),
    _shape(
        "AWS secret key",
        "AKIA|ASIA",
        r"(?<![A-Za-z0-9_])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9_])[^{}]{1,120}?(?<![A-Za-z0-9/+=_.-])"
        r"((?=[^0-9]{0,39}[0-9])(?=[^a-z]{0,39}[a-z])(?=[^A-Z]{0,39}[A-Z])[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=_.-])",
    ),
    _shape("GitHub token", "ghp_|gho_|ghu_|ghs_|ghr_", r"(gh[pousr]_[A-Za-z0-9]{30,255})"),
    _shape("GitHub token", "github_pat_", r"(github_pat_[A-Za-z0-9_]{22,255})"),
    _shape(
        "GitLab token",
        "glpat-|gldt-|glrt-|glcbt-|glptt-|glft-|glimt-|glagent-|glsoat-|gloas-",
        r"(gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas)-[A-Za-z0-9_.-]{20,255})",
    ),
    _shape("Slack token", "xox|xapp-", r"((?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{15,255})"),
    _shape(
        "Slack webhook",
        "hooks.slack.com",
        r"hooks\.slack\.com\\?/(?:services|workflows|triggers)\\?/([A-Za-z0-9_/\\-]{20,255})",
    ),
    _shape(
        "Discord webhook",
        "/api/webhooks",
        r"discord(?:app)?\.com\\?/api\\?/webhooks\\?/[0-9]{15,21}\\?/([A-Za-z0-9_-]{40,100})",
    ),
    _shape(
        "Discord webhook",
        "discord",
        r"discord(?:app)?\.com\\?/api\\?/(?:v[0-9]+\\?/)?webhooks\\?/[0-9]{15,21}\\?/([A-Za-z0-9_-]{40,100})",
    ),
    _shape(
        "Teams webhook",
        "webhook.office.com|outlook.office.com",
        r"(?:webhook|outlook)\.office\.com\\?/webhook(?:b2)?\\?/[0-9a-f@-]{36,80}\\?/IncomingWebhook\\?/([0-9A-Za-z/\\-]{32,200})",
    ),
    _shape(
        "webhook address",
        ".make.com|.integromat.com",
        r"(?<=hook\.[a-z]{2}[0-9])\.(?:make|integromat)\.com\\?/([0-9a-z]{24,64})",
    ),
    _shape("webhook address", "hook.integromat.com", r"hook\.integromat\.com\\?/([0-9a-z]{24,64})"),
    _shape(
        "IFTTT key",
        "maker.ifttt.com",
        r"maker\.ifttt\.com\\?/(?:use|trigger\\?/[^\s\"'<>]{1,80}\\?/key)\\?/([A-Za-z0-9_-]{20,60})",
    ),
    _shape(
        "JSON web token", "eyJ", r"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{17,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+)"
    ),
    _shape("Google API key", "AIza", r"(AIza[0-9A-Za-z_-]{35})"),
    _shape("Google OAuth secret", "GOCSPX-", r"(GOCSPX-[A-Za-z0-9_-]{20,40})"),
    _shape("Google OAuth token", "ya29.", rf"{_NOT_INSIDE}(ya29\.[A-Za-z0-9_-]{{20,512}})"),
    _shape("Google refresh token", "1//0", r"(?<![A-Za-z0-9/])(1//0[A-Za-z0-9_-]{30,255})"),
    _shape("Stripe key", "sk_live_|rk_live_|sk_test_|rk_test_", r"([sr]k_(?:live|test)_[0-9A-Za-z]{16,255})"),
    _shape("webhook signing secret", "whsec_", rf"{_NOT_INSIDE}(whsec_[A-Za-z0-9+/=]{{20,255}})"),
    _shape(
        "API key",
        "sk-",
        rf"{_NOT_INSIDE}(sk-(?:[a-z]{{1,12}}[0-9]{{0,4}}-){{0,3}}[A-Za-z0-9_]{{20,255}}(?:-[A-Za-z0-9_-]{{1,255}})?)",
    ),
    _shape(
        "API key",
        "pplx-|gsk_|xai-|r8_|hf_|nvapi-|fw_|tgp_v1_|csk-",
        rf"{_NOT_INSIDE}((?:pplx-|gsk_|xai-|r8_|hf_|nvapi-|fw_|tgp_v1_|csk-)[A-Za-z0-9_-]{{24,255}})",
    ),
    _shape("SendGrid key", "SG.", r"(SG\.[A-Za-z0-9_-]{20,64}\.[A-Za-z0-9_-]{16,128})"),
    _shape("Mailgun key", "key-", rf"{_NOT_INSIDE}(key-[0-9a-f]{{32}})(?![0-9a-f])"),
    _shape("Brevo key", "xkeysib-|xsmtpsib-", r"(x(?:keysib|smtpsib)-[0-9a-f]{64}-[A-Za-z0-9]{8,32})"),
    _shape("Mailchimp key", "-us", r"(?<![0-9a-zA-Z])([0-9a-f]{32}-us[0-9]{1,2})(?![0-9a-zA-Z])", lead=32),
    _shape("npm token", "npm_", r"(npm_[A-Za-z0-9]{36})"),
    _shape("PyPI token", "pypi-", r"(pypi-[A-Za-z0-9_-]{32,512})"),
    _shape("Docker token", "dckr_pat_|dckr_oat_", r"(dckr_[po]at_[A-Za-z0-9_-]{20,64})"),
    _shape("RubyGems key", "rubygems_", r"(rubygems_[0-9a-f]{40,64})"),
    _shape("Telegram bot token", ":AA", r"(?<=[0-9]{8}):(AA[A-Za-z0-9_-]{32,34})"),
    _shape("DigitalOcean token", "dop_v1_|doo_v1_|dor_v1_", r"(do[opr]_v1_[0-9a-f]{64})"),
    _shape("Databricks token", "dapi", rf"{_NOT_INSIDE}(dapi[0-9a-f]{{32}}(?:-[0-9])?)"),
    _shape("Grafana token", "glsa_|glc_", rf"{_NOT_INSIDE}(gl(?:sa|c)_[A-Za-z0-9_+/=]{{32,400}})"),
    _shape("Grafana key", "eyJrIjoi", rf"{_NOT_INSIDE}(eyJrIjoi[A-Za-z0-9+/_-]{{30,400}}={{0,2}})"),
    _shape("Sentry token", "sntrys_|sntryu_", r"(sntry[su]_[A-Za-z0-9_+/=-]{40,400})"),
    _shape("New Relic key", "NRAK-|NRII-|NRJS-", r"(NR(?:AK|II|JS)-[A-Za-z0-9_-]{19,64})"),
    _shape("Linear key", "lin_api_|lin_oauth_", r"(lin_(?:api|oauth)_[A-Za-z0-9]{32,80})"),
    _shape("Atlassian token", "ATATT3|ATCTT3|ATBB", rf"{_NOT_INSIDE}(AT(?:ATT3|CTT3|BB)[A-Za-z0-9_=+/.-]{{24,255}})"),
    _shape("Shopify token", "shpat_|shpss_|shpca_|shppa_", r"(shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32})"),
    _shape("Square token", "sq0atp-|sq0csp-|EAAAE", rf"{_NOT_INSIDE}((?:sq0[ac][ts]p-|EAAAE)[A-Za-z0-9_-]{{20,120}})"),
    _shape("Facebook token", "EAA", rf"{_NOT_INSIDE}(EAA[A-Za-z0-9]{{80,400}})"),
    _shape("HubSpot token", "pat-na1-|pat-eu1-|pat-na2-", r"(pat-(?:na|eu)[0-9]-[0-9a-fA-F-]{36})"),
    _shape(
        "Notion token",
        "secret_|ntn_",
        rf"{_NOT_INSIDE}((?:secret_[A-Za-z0-9]{{43}}|ntn_[A-Za-z0-9]{{40,60}}))(?![A-Za-z0-9])",
    ),
    _shape("Airtable token", "pat", rf"{_NOT_INSIDE}(pat[A-Za-z0-9]{{14}}\.[0-9a-f]{{64}})"),
    _shape("Figma token", "figd_", r"(figd_[A-Za-z0-9_-]{36,60})"),
    _shape("Dropbox token", "sl.", rf"{_NOT_INSIDE}(sl\.[A-Za-z0-9_-]{{60,1500}})"),
    _shape("Vault token", "hvs.|hvb.", rf"{_NOT_INSIDE}(hv[sb]\.[A-Za-z0-9_-]{{24,255}})"),
    _shape("Terraform token", ".atlasv1.", r"(\.atlasv1\.[A-Za-z0-9_=-]{60,80})"),
    _shape("Supabase key", "sbp_|sb_secret_", r"(sbp_[0-9a-f]{40}|sb_secret_[A-Za-z0-9_-]{20,80})"),
    _shape("PlanetScale token", "pscale_", r"(pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_.=-]{32,80})"),
    _shape("Doppler token", "dp.pt.|dp.st.|dp.ct.", rf"{_NOT_INSIDE}(dp\.[psc]t\.[A-Za-z0-9_.-]{{40,80}})"),
    _shape("Postman key", "PMAK-", r"(PMAK-[0-9a-f]{24}-[0-9a-f]{34})"),
    _shape("Pulumi token", "pul-", rf"{_NOT_INSIDE}(pul-[0-9a-f]{{40}})"),
    _shape("Tailscale key", "tskey-", r"(tskey-[a-z]{3,10}-[A-Za-z0-9-]{16,80})"),
    _shape("age key", "AGE-SECRET-KEY-1", r"(AGE-SECRET-KEY-1[0-9A-Z]{58})"),
    _shape("Twilio key", "SK", r"(?<![A-Za-z0-9_])(SK[0-9a-f]{32})(?![A-Za-z0-9_])"),
    _shape("Contentful token", "CFPAT-", r"(CFPAT-[A-Za-z0-9_-]{40,60})"),
    _shape("Mapbox token", "sk.eyJ", rf"{_NOT_INSIDE}(sk\.eyJ[A-Za-z0-9_-]{{20,200}}\.[A-Za-z0-9_-]{{16,80}})"),
    _shape("n8n key", "n8n_api_", r"(n8n_api_[A-Za-z0-9]{32,128})"),
    _shape(
        "access token", "AQVN|1000.", r"(?<![A-Za-z0-9.])(AQVN[A-Za-z0-9_-]{35,38}|1000\.[0-9a-f]{32}\.[0-9a-f]{32})"
    ),
    _shape("Alibaba key", "LTAI", r"(?<![A-Za-z0-9])(LTAI[A-Za-z0-9]{16,24})(?![A-Za-z0-9])"),
)
"""Shapes with letters of their issuer's, and at least 20 of [A-Za-z0-9_-] in a row within 160 bytes of them."""
