"""Texts with everything personal in them replaced, character for character: names, addresses, users, and the values that are secrets."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

from pcapkit.extract.masking.masks import Masks

_START: Final = r"(?:(?<=%[0-9a-f]{2})|(?<![\w%.-]))"
"""A word begins, be it behind an escape of a URL."""
TOKEN: Final = re.compile(
    rf"""
    (?P<mail>(?:(?<=%3A)|(?<![\w%.]))[\w.+'=-]{{1,64}}(?:@|%40)[\w-]+(?:\.[\w-]+)*)
  | (?P<mac>(?<![\w:-])[0-9a-f]{{2}}(?:[:-][0-9a-f]{{2}}){{5}}(?![\w:]))
  | (?P<ip6>(?<![\w:.])(?:[0-9a-f]{{0,4}}:){{2,7}}[0-9a-f.]{{0,15}}(?![\w:]))
  | (?P<ip4>{_START}(?<![a-z]/)\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?!\.?\w))
  | (?P<name>{_START}[\w*-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,40}})
  | (?P<word>{_START}[\w-]{{3,63}})
    """,
    re.VERBOSE | re.IGNORECASE,
)

SECRET_KEYS: Final = (
    "password|passwd|passphrase|pwd|secret|client_secret|access_token|refresh_token|id_token|assertion|ticket|samlresponse|samlrequest|wresult|"
    "binarysecuritytoken|requestedsecuritytoken|signaturevalue|digestvalue|x509certificate|keyidentifier|nonce|cipher(?:value|data)|sessionid|authtoken"
)
PERSON_KEYS: Final = "displayname|givenname|surname|firstname|lastname|legacydn|username|user|login|loginname|nameidentifier|nameid|account|deviceid|imei|userdn|upn|uid"
_JSON: Final = re.compile(rf'"({SECRET_KEYS}|{PERSON_KEYS})"\s{{0,16}}:\s{{0,16}}"', re.IGNORECASE)
_STRING: Final = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
_FORM: Final = re.compile(rf"(?<![\w%.-])({SECRET_KEYS}|{PERSON_KEYS})=([^&\s\"'<>;]+)", re.IGNORECASE)
_XML: Final = re.compile(rf"<((?:[\w.-]+:)?(?:{SECRET_KEYS}|{PERSON_KEYS}))(\s[^<>]*)?>([^<>]+)<", re.IGNORECASE)
_ASSERTION: Final = re.compile(r"<((?:[\w.-]{1,64}:)?(?:Assertion|EncryptedData))\b[^<>]*>", re.IGNORECASE)
_DARK: Final = re.compile(r"\S")
_NAMED: Final = re.compile(
    r"""(?:https?:(?:\\?/){2}(?:[^/@\s"'<>\\]*@)?|"(?:fqdn|host|server|domain)"\s*:\s*"|\b(?:fqdn|host)\s*=\s*["'])([\w.-]+)""", re.IGNORECASE
)
_USERINFO: Final = re.compile(r"(?<=://)([^/@\s\"'<>]+)@")
_SECRET: Final = re.compile(SECRET_KEYS, re.IGNORECASE)
PLAIN: Final = frozenset(("default", "null", "true", "false", "none"))


def mask_text(masks: Masks, text: str) -> str:
    """Names, addresses and users in a text; of equal length (as long as no character is wider than a byte)."""
    for name in masks.redactor.odd_devices:
        if name in text.lower():
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", lambda found: masks.device(found[0]), text, flags=re.IGNORECASE)
    return TOKEN.sub(lambda found: _token(masks, found), text)


def _token(masks: Masks, found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[0]
    if kind == "mail":
        user, sign, domain = re.split(r"(@|%40)", text, maxsplit=1, flags=re.IGNORECASE)
        masks.learn_domain(domain)
        return masks.user(user) + sign + masks.name(domain)
    if kind == "mac":
        return _mac_text(masks, text)
    if kind in ("ip4", "ip6"):
        return address_text(masks, text)
    if kind == "name":
        escape = int(found.string[max(found.start() - 1, 0)] == "\\" and text[0] in "nrt" and masks.redactor.knows_host(text[1:].lower()))
        return text[:escape] + masks.name(text[escape:])
    return masks.device(text) if text.lower() in masks.redactor.devices else text


def _mac_text(masks: Masks, text: str) -> str:
    made = masks.mac(bytes.fromhex(text.replace("-", "").replace(":", ""))).hex(text[2])
    return made.upper() if text != text.lower() else made


def address_text(masks: Masks, text: str) -> str:
    """An address as it is written; one that is not written as usual loses its digits if its stand-in would be shorter or longer."""
    dots = text[len(text.rstrip(".")) :]
    try:
        address = ip_address(text.rstrip("."))
    except ValueError:
        return text
    made = str(ip_address(masks.address(address.packed)))
    if masks.learning or made == str(address):
        return text
    return made + dots if len(made) + len(dots) == len(text) else re.sub(r"[1-9a-f]", "0", text, flags=re.IGNORECASE)


def learn_names(masks: Masks, text: str) -> None:
    """Names where names stand: hosts of URLs and the like. Their domains are known from then on."""
    for found in _NAMED.finditer(text):
        masks.learn_name(found[1])


def mask_document(masks: Masks, text: str) -> str:
    """JSON, XML, HTML or a form: also the values whose key says that they are secrets or name somebody."""
    learn_names(masks, text)
    text = _json_values(masks, _without_assertions(masks, text))
    text = _XML.sub(lambda m: f"<{m[1]}{m[2] or ''}>{_value(masks, m[1].rpartition(':')[2], m[3])}<", text)
    text = _FORM.sub(lambda m: f"{m[1]}={_value(masks, m[1], m[2])}", text)
    return mask_text(masks, _USERINFO.sub(lambda m: masks.secret(m[1]) + "@", text))


def _without_assertions(masks: Masks, text: str) -> str:
    """Nothing of a SAML assertion or of encrypted data is kept but its length."""
    parts, at = [], 0
    while not masks.learning and (found := _ASSERTION.search(text, at)):
        end = text.find(f"</{found[1]}", found.end())
        end = len(text) if end < 0 else end
        parts += [text[at : found.end()], _DARK.sub("x", text[found.end() : end])]
        at = end
    return "".join((*parts, text[at:]))


def _json_values(masks: Masks, text: str) -> str:
    parts, at = [], 0
    while found := _JSON.search(text, at):
        value = _STRING.match(text, found.end())
        assert value is not None  # it matches nothing, too
        parts += [text[at : found.end()], _value(masks, found[1], value[0])]
        at = value.end()
    return "".join((*parts, text[at:]))


def _value(masks: Masks, key: str, value: str) -> str:
    """The value of a telling key. Users with a domain keep it, which the text as a whole sees to."""
    if _SECRET.fullmatch(key):
        return masks.secret(value)
    if not value.strip() or value.lower() in PLAIN or "@" in value or "%40" in value:
        return value
    return masks.user(value)


def mask_query(masks: Masks, query: str, allowed: frozenset[str]) -> str:
    """The query of a URL: values of keys that are not allowed are replaced, what is no list of keys as a whole."""
    if "=" not in query:
        return masks.secret(query) if query else query
    parts = []
    for part in re.split(r"([&;])", query):
        key, equals, value = part.partition("=")
        if value and key.lower() not in allowed:
            value = mask_text(masks, value) if _is_plain(value) else masks.secret(value)
        parts.append(key + equals + value)
    return "".join(parts)


def _is_plain(value: str) -> bool:
    """An address of a user, a URL or a name: shown with its parts replaced."""
    return "@" in value or "%40" in value or "%3a" in value.lower() or "." in value or value.lower() in PLAIN or value.isdigit()
