"""Discovery documents as the products send them (MS-OCDISCWS 3.1.5, MS-ASCMD 2.2.1.1)."""

from __future__ import annotations

import json
from typing import Final

from kit.web import Answer

LYNC_JSON: Final = "application/vnd.microsoft.rtc.autodiscover+json; v=1"
SERVICE: Final = "/Autodiscover/AutodiscoverService.svc/root"
WEB_TICKET: Final = "/WebTicket/WebTicketService.svc"
EXCHANGE_PATH: Final = "/autodiscover/autodiscover.xml"
ACTIVE_SYNC: Final = "/Microsoft-Server-ActiveSync"
SCHEMA: Final = "http://schemas.microsoft.com/exchange/autodiscover"
FRONT_END: Final = "fe01.contoso.com"


def lync(document: dict[str, object], server: str = FRONT_END, **headers: str) -> Answer:
    """A Lync answer in JSON, slashes escaped as the service does."""
    return Answer(
        body=json.dumps(document, separators=(",", ":")).replace("/", "\\/"), kind=LYNC_JSON, headers={"X-MS-Server-Fqdn": server, **headers}
    )


def links(**hrefs: str) -> list[dict[str, str]]:
    """Links by token; ``__`` stands for the slash of a token."""
    return [{"href": href, "token": token.replace("__", "/")} for token, href in hrefs.items()]


def root(access: str, *, host: str, user_host: str | None = None) -> Answer:
    """A root over https: Domain and User."""
    found = links(Domain=f"https://{host}{SERVICE}/domain", User=f"https://{user_host or host}{SERVICE}/user?originalDomain=contoso.com")
    return lync({"AccessLocation": access, "Root": {"Links": found}})


def redirect(access: str, url: str) -> Answer:
    """A root that only sends on."""
    return lync({"AccessLocation": access, "Root": {"Links": links(Redirect=url)}})


def user(access: str, *, internal: str, external: str, mcx: str | None = None, server: str = FRONT_END) -> Answer:
    """The user's own URLs. ``mcx``: host of Internal/Mcx, by rights the external one."""
    found = links(
        Internal__Autodiscover=f"https://{internal}{SERVICE}",
        External__Autodiscover=f"https://{external}{SERVICE}",
        Internal__Mcx=f"https://{mcx or external}/Mcx/McxService.svc",
        External__Mcx=f"https://{external}/Mcx/McxService.svc",
        Internal__Ucwa=f"https://{internal}/ucwa/v1/applications",
        External__Ucwa=f"https://{external}/ucwa/v1/applications",
        Ucwa=f"https://{mcx or external}/ucwa/v1/applications",
    )
    pool = {"fqdn": "pool01.contoso.com", "port": "5061"}
    sip: dict[str, object] = {"SipClientInternalAccess": pool, "SipServerInternalAccess": pool, "SipServerExternalAccess": None}
    return lync({"AccessLocation": access, "User": {"Links": found, **sip}}, server)


def challenge(url: str) -> Answer:
    """The user resource without a ticket."""
    headers = {"X-MS-WebTicketURL": url, "X-MS-WebTicketSupported": "cwt,saml", "X-MS-Server-Fqdn": FRONT_END}
    return Answer(401, "", "text/html", headers)


def ticket() -> Answer:
    """A web ticket."""
    return Answer(200, '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>', "text/xml; charset=utf-8")


def basic_challenge() -> Answer:
    """Exchange asks who is there."""
    return Answer(401, "", "text/html", {"WWW-Authenticate": 'Basic realm="contoso"'})


def settings(host: str) -> Answer:
    """Exchange's answer to a phone."""
    url = f"https://{host}{ACTIVE_SYNC}"
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{SCHEMA}/responseschema/2006">'
        f'<Response xmlns="{SCHEMA}/mobilesync/responseschema/2006"><Culture>en:us</Culture><User><DisplayName>Joe</DisplayName>'
        "<EMailAddress>joe@contoso.com</EMailAddress></User><Action><Settings><Server><Type>MobileSync</Type>"
        f"<Url>{url}</Url><Name>{url}</Name></Server></Settings></Action></Response></Autodiscover>"
    )
    return Answer(200, body, "text/xml; charset=utf-8")


def question(address: str = "joe@contoso.com") -> str:
    """What a phone asks Exchange."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{SCHEMA}/mobilesync/requestschema/2006"><Request>'
        f"<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{SCHEMA}/mobilesync/responseschema/2006</AcceptableResponseSchema>"
        "</Request></Autodiscover>"
    )


def moved(url: str) -> Answer:
    """302."""
    return Answer(302, "", "text/html", {"Location": url})


def page() -> Answer:
    """An ordinary web page."""
    return Answer(200, "<!doctype html><title>Example Domain</title><h1>Example Domain</h1>", "text/html; charset=utf-8")
