"""What stands behind nginx, over plain HTTP: Lync/Skype for Business discovery, web ticket, Mcx and UCWA, Exchange autodiscover and ActiveSync, and the
few pages of the internet.

app.py CONFIG.json      config: port, names, server, site (internal|external), faults by path, outside
A fault: status, type, body, headers; ``host``: for this name only; ``challenge``: 401 first; ``signed_in``: only for requests with credentials (False: only
for those without); ``hold``: seconds of silence first; ``on``: only this server of the pool.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CONFIG: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
NAMES: dict[str, str] = CONFIG["names"]
SERVER: str = CONFIG.get("server", "fe01.contoso.com")
JSON = "application/vnd.microsoft.rtc.autodiscover+json; v=1"
SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover"
PROBES = {
    "/hotspot-detect.html": (200, "text/html", "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"),
    "/generate_204": (204, "text/html", ""),
    "/connecttest.txt": (200, "text/plain", "Microsoft Connect Test"),
}


class App(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Microsoft-IIS/8.5", ""

    def log_message(self, *_: object) -> None:
        return

    def reply(self, status: int, body: str = "", kind: str = JSON, headers: dict[str, str] | None = None) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if not CONFIG.get("outside"):
            self.send_header("X-MS-Server-Fqdn", SERVER)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    @property
    def external(self) -> bool:
        """Requests through the reverse proxy are the external web site's."""
        if "site" in CONFIG:
            return CONFIG["site"] == "external"
        return self.headers.get("X-Forwarded-For") is not None

    @property
    def clear(self) -> bool:
        return self.headers.get("X-Forwarded-Proto", "http") == "http"

    @property
    def host(self) -> str:
        return (self.headers.get("Host") or "").split(":")[0].lower()

    def do_GET(self) -> None:
        self.handle_any()

    def do_OPTIONS(self) -> None:
        self.handle_any()

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.handle_any()

    def handle_any(self) -> None:
        path = self.path.split("?", 1)[0].lower()
        for prefix, fault in CONFIG.get("faults", {}).items():
            if path.startswith(prefix) and self.meant(fault):
                return self.fault(fault)
        if CONFIG.get("outside"):
            return self.page(path)
        if path in ("/", "/autodiscover/autodiscoverservice.svc/root"):
            return self.root()
        if path == "/autodiscover/autodiscoverservice.svc/root/domain":
            return self.reply(200, self.domain())
        if path.endswith(("/root/user", "/root/oauth/user")):
            return self.user()
        if path.startswith("/webticket/"):
            return self.ticket(path)
        if path.startswith(("/mcx/", "/ucwa/")):
            return self.mobility(path)
        if path.startswith("/autodiscover/autodiscover."):
            return self.exchange(path)
        if path.startswith("/microsoft-server-activesync"):
            return self.activesync()
        return self.reply(404, "not here", "text/html")

    # ------------------------------------------------------------ faults

    def meant(self, fault: dict[str, Any]) -> bool:
        """The fault is for this request."""
        if fault.get("host", self.host) != self.host or fault.get("on", SERVER) != SERVER:
            return False
        return fault.get("signed_in") in (None, self.headers.get("Authorization") is not None)

    def fault(self, fault: dict[str, Any]) -> None:
        time.sleep(fault.get("hold", 0))
        if fault.get("challenge") and not self.headers.get("Authorization"):
            return self.reply(401, headers={"WWW-Authenticate": 'Basic realm="contoso"'})
        return self.reply(fault.get("status", 200), fault.get("body", ""), fault.get("type", "text/html"), fault.get("headers"))

    # ------------------------------------------------------------ the internet

    def page(self, path: str) -> None:
        """Pages of any size (``/bytes/N``), portal probes, and 404 for what a public web site does not know."""
        if path in PROBES:
            status, kind, body = PROBES[path]
            return self.reply(status, body, kind)
        if path.startswith("/bytes/"):
            return self.reply(200, "x" * int(path.rpartition("/")[2]), "application/octet-stream")
        if path.startswith(("/autodiscover", "/microsoft-server")):
            return self.reply(404, "<html>no such page</html>", "text/html")
        return self.reply(200, "<html><body>a page</body></html>", "text/html")

    # ------------------------------------------------------------ Lync

    def root(self) -> None:
        where = "External" if self.external else "Internal"
        base = f"https://{NAMES['EXT' if self.external else 'INTW']}/Autodiscover/AutodiscoverService.svc/root"
        if self.clear and not CONFIG.get("clear_full"):
            links = [{"href": base + "?originalDomain=" + NAMES["domain"], "token": "Redirect"}]
        else:
            user = f"https://{NAMES['EXT']}/Autodiscover/AutodiscoverService.svc/root/user?originalDomain=" + NAMES["domain"]
            links = [{"href": base + "/domain", "token": "Domain"}, {"href": user, "token": "User"}]
        self.reply(200, json.dumps({"AccessLocation": where, "Root": {"Links": links}}).replace("/", "\\/"))

    def domain(self, what: str = "Domain") -> str:
        where = "External" if self.external else "Internal"
        ext, inside = f"https://{NAMES['EXT']}", f"https://{NAMES['INTW']}"
        mcx = inside if CONFIG.get("mcx_internal") else ext
        links = [
            {"href": inside + "/Autodiscover/AutodiscoverService.svc/root", "token": "Internal/Autodiscover"},
            {"href": ext + "/Autodiscover/AutodiscoverService.svc/root", "token": "External/Autodiscover"},
            {"href": mcx + "/Mcx/McxService.svc", "token": "Internal/Mcx"},
            {"href": ext + "/Mcx/McxService.svc", "token": "External/Mcx"},
            {"href": inside + "/Ucwa", "token": "Internal/Ucwa"},
            {"href": ext + "/Ucwa", "token": "External/Ucwa"},
        ]
        if what == "User":
            links.append({"href": ext + "/Ucwa", "token": "Ucwa"})
        pool = {"fqdn": NAMES["POOL"], "port": "5061"}
        sip = {"SipClientInternalAccess": pool, "SipServerInternalAccess": pool, "SipServerExternalAccess": None}
        return json.dumps({"AccessLocation": where, what: {"Links": links, **sip}})

    def user(self) -> None:
        if not (self.headers.get("X-MS-WebTicket") or self.headers.get("Authorization")):
            url = f"https://{NAMES['EXT']}/WebTicket/WebTicketService.svc"
            return self.reply(401, headers={"X-MS-WebTicketURL": url, "X-MS-WebTicketSupported": "cwt,saml"})
        return self.reply(200, self.domain("User"))

    def ticket(self, path: str) -> None:
        if path.endswith("/auth") and not self.headers.get("Authorization"):
            return self.reply(401, headers={"WWW-Authenticate": "NTLM"})
        if path.endswith("/oauthtoken"):
            token = {"access_token": "cwt=of-the-lab", "expires_in": 28800, "ms_rtc_identityscope": "local", "token_type": "Bearer"}
            return self.reply(200, json.dumps(token), "application/json")
        return self.reply(200, "<ticket/>", "text/xml")

    def mobility(self, path: str) -> None:
        """Mcx with the cookie that keeps a client on its server; UCWA whose events are long polls."""
        if path.endswith("/events"):
            time.sleep(CONFIG.get("poll", 0.2))
        if path.endswith("/applications"):
            return self.reply(201, "{}", "application/json")
        if not CONFIG.get("sticky"):
            return self.reply(200, "{}", "application/json")
        mine = f"MS-WSMAN={SERVER.split('.')[0]}-of-the-lab"
        sent = self.headers.get("Cookie", "")
        if mine in sent:
            return self.reply(200, "{}", "application/json")
        status = 500 if "MS-WSMAN" in sent else 200
        return self.reply(status, "{}", "application/json", {"Set-Cookie": f"{mine}; path=/"})

    # ------------------------------------------------------------ Exchange

    def exchange(self, path: str) -> None:
        if self.clear and not CONFIG.get("clear_full"):
            return self.reply(302, headers={"Location": f"https://{NAMES['AD']}{self.path}"})
        url = f"https://{NAMES[CONFIG.get('mail', 'MAIL')]}/Microsoft-Server-ActiveSync"
        if path.startswith("/autodiscover/autodiscover.json"):
            if "protocol=" not in self.path.lower():
                error = {
                    "ErrorCode": "MandatoryParameterMissing",
                    "ErrorMessage": "A valid value must be provided for the query parameter 'Protocol'",
                }
                return self.reply(400, json.dumps(error), "application/json")
            return self.reply(200, json.dumps({"Protocol": "ActiveSync", "Url": url}), "application/json")
        if not self.headers.get("Authorization"):
            return self.reply(401, headers={"WWW-Authenticate": 'Basic realm="contoso"'})
        if self.command == "GET":
            return self.reply(200, invalid_request(), "text/xml; charset=utf-8")
        return self.reply(200, settings(url), "text/xml; charset=utf-8")

    def activesync(self) -> None:
        if not self.headers.get("Authorization"):
            return self.reply(401, headers={"WWW-Authenticate": 'Basic realm="contoso"'})
        return self.reply(200, "", "application/vnd.ms-sync.wbxml", {"MS-ASProtocolVersions": "2.5,12.0,12.1,14.0,14.1,16.0"})


def settings(url: str) -> str:
    """An answer in the phones' schema."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{SCHEMA}/responseschema/2006">'
        f'<Response xmlns="{SCHEMA}/mobilesync/responseschema/2006"><Culture>en:us</Culture><User><DisplayName>Pilar</DisplayName>'
        f"<EMailAddress>pilar@{NAMES['domain']}</EMailAddress></User><Action><Settings><Server><Type>MobileSync</Type><Url>{url}</Url><Name>{url}</Name>"
        "</Server></Settings></Action></Response></Autodiscover>"
    )


def invalid_request() -> str:
    """What a browser gets: the healthy sign."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{SCHEMA}/responseschema/2006"><Response>'
        '<Error Time="16:56:32.6" Id="1054084152"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message><DebugData/></Error></Response></Autodiscover>'
    )


if __name__ == "__main__":
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", CONFIG["port"]), App).serve_forever()
