"""Exchange discovery: plain old XML of both schemas, SOAP, and version 2 (MS-OXDSCLI, MS-ASCMD 2.2.1.1, MS-OXWSADISC)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, unquote
from xml.etree.ElementTree import Element

from pcapkit_dissectors._limits import DOC_LINKS
from pcapkit_dissectors.autodiscover_json import Object
from pcapkit_dissectors.autodiscover_json import words as json_words
from pcapkit_dissectors.autodiscover_xml import child, children, words
from pcapkit_dissectors.messages import ExchangeAnswer, ExchangeRequest

Url = tuple[str, str]

_ACTIONS: Final = {"redirecturl": "redirect_url", "redirectaddr": "redirect_addr", "redirectaddress": "redirect_addr"}
_MESSAGES: Final = frozenset({"getusersettingsresponsemessage", "getdomainsettingsresponsemessage", "getfederationinformationresponsemessage"})
_NO_URL: Final = "no ActiveSync URL"


def exchange_from_xml(root: Element, faults: tuple[str, ...]) -> ExchangeAnswer | None:
    """Read an ``Autodiscover`` or SOAP document; None if it is another one."""
    name = root.tag.lower()
    if name == "envelope":
        return _from_soap(root, faults)
    if name != "autodiscover":
        return None
    response = child(root, "Response")
    if response is None:
        return ExchangeAnswer("pox", "error", faults=(*faults, "no Response"))
    failed = child(response, "Error")
    if failed is not None:
        return ExchangeAnswer("pox", "error", error_code=words(failed, "ErrorCode"), error_message=words(failed, "Message"), faults=faults)
    action = child(response, "Action")
    if action is not None:
        return _from_mobilesync(action, faults)
    account = child(response, "Account")
    if account is not None:
        return _from_outlook(account, faults)
    return ExchangeAnswer("pox", "error", faults=(*faults, "Response without Account, Action or Error"))


def _from_mobilesync(action: Element, faults: tuple[str, ...]) -> ExchangeAnswer:
    """``Action``: Settings, Redirect or Error (MS-ASCMD 2.2.3.1)."""
    form = "pox-mobilesync"
    target = words(action, "Redirect")
    if target is not None:
        return ExchangeAnswer(form, "redirect_addr", redirect=target, faults=faults)
    failed = child(action, "Error")
    if failed is not None:
        return ExchangeAnswer(form, "error", error_code=words(failed, "Status"), error_message=words(failed, "Message"), faults=faults)
    servers = [each for settings in children(action, "Settings") for each in children(settings, "Server")]
    urls = [(words(each, "Type") or "", url) for each in servers if (url := words(each, "Url")) is not None]
    if not any(kind.lower() == "mobilesync" for kind, _ in urls):
        faults = (*faults, _NO_URL)
    return ExchangeAnswer(form, "settings", tuple(urls[:DOC_LINKS]), faults=faults)


def _from_outlook(account: Element, faults: tuple[str, ...]) -> ExchangeAnswer:
    """``Account``: its Action tells what to do (MS-OXDSCLI 2.2.4.1.1.2)."""
    form = "pox-outlook"
    said = (words(account, "Action") or "").lower()
    if said in _ACTIONS:
        target = words(account, said)
        return ExchangeAnswer(form, _ACTIONS[said], redirect=target, faults=faults if target else (*faults, "redirect without target"))
    if said != "settings":
        faults = (*faults, "Account without a known Action")
    urls = [
        (f"{words(protocol, 'Type') or protocol.get('Type') or 'Protocol'}/{kind}", url)
        for protocol in children(account, "Protocol")
        for kind, url in _urls(protocol)
    ]
    return ExchangeAnswer(form, "settings", tuple(urls[:DOC_LINKS]), faults=faults)


def _urls(node: Element) -> Iterator[Url]:
    """Every URL below a node, by the name of its element."""
    for each in node.iter():
        url = (each.text or "").strip()
        if url.lower().startswith(("http://", "https://")):
            yield each.tag, url


def _from_soap(root: Element, faults: tuple[str, ...]) -> ExchangeAnswer | None:
    """GetUserSettings and GetDomainSettings: the innermost ErrorCode that says something decides (MS-OXWSADISC 3.1.4)."""
    failed = child(root, "Body", "Fault")
    if failed is not None:
        code = words(failed, "faultcode") or words(failed, "Code", "Value")
        return ExchangeAnswer("soap", "error", error_code=code, error_message=words(failed, "faultstring"), faults=faults)
    message = next((each for each in root.iter() if each.tag.lower() in _MESSAGES), None)
    if message is None:
        return None
    said = [(code, node) for node in message.iter() if (code := words(node, "ErrorCode")) is not None]
    wrong = [(code, node) for code, node in said if code != "NoError"]
    if wrong:
        code, node = wrong[-1]
        action = _ACTIONS.get(code.lower(), "error")
        target = words(node, "RedirectTarget")
        if action != "error":
            return ExchangeAnswer("soap", action, redirect=target, faults=faults)
        return ExchangeAnswer("soap", action, error_code=code, error_message=words(node, "ErrorMessage"), faults=faults)
    pairs = ((words(node, "Name"), words(node, "Value")) for node in message.iter())
    urls = [(name, value) for name, value in pairs if name and value and value.lower().startswith(("http://", "https://"))]
    return ExchangeAnswer("soap", "settings", tuple(urls[:DOC_LINKS]), faults=faults)


def exchange_from_json(root: Object, faults: tuple[str, ...]) -> ExchangeAnswer | None:
    """Read an answer of version 2; None if it is another document."""
    code, protocol, url = json_words(root, "ErrorCode"), json_words(root, "Protocol"), json_words(root, "Url")
    if code is not None:
        return ExchangeAnswer("v2", "error", error_code=code, error_message=json_words(root, "ErrorMessage"), faults=faults)
    if protocol is None:
        return None
    if url is None:
        return ExchangeAnswer("v2", "settings", faults=(*faults, f"no URL for {protocol}"))
    return ExchangeAnswer("v2", "settings", ((protocol, url),), faults=faults)


def request_from_xml(root: Element) -> ExchangeRequest | None:
    """Read a request in XML or SOAP; None if it is another document."""
    name = root.tag.lower()
    if name == "autodiscover":
        asked = child(root, "Request")
        schema = words(asked, "AcceptableResponseSchema")
        form = "pox-mobilesync" if "/mobilesync/" in (schema or "").lower() else "pox-outlook"
        return ExchangeRequest(form, words(asked, "EMailAddress"), schema)
    if name == "envelope":
        mailboxes = (words(each, "Mailbox") for each in root.iter())
        return ExchangeRequest("soap", next((mailbox for mailbox in mailboxes if mailbox), None), None)
    return None


def request_from_target(target: str) -> ExchangeRequest | None:
    """Read the address and the protocol of a version 2 URL: in its path or its query."""
    path, _, query = target.partition("?")
    found = path.lower().find("/autodiscover.json")
    if found < 0:
        return None
    asked = {key.lower(): values[0] for key, values in parse_qs(query[:4096]).items()}
    last = unquote(path[found:].rpartition("/")[2])
    return ExchangeRequest("v2", last if "@" in last else asked.get("email"), asked.get("protocol"))
