"""The front end: Lync/Skype for Business discovery, web ticket, Mcx, and Exchange autodiscover, over plain HTTP behind nginx.

app.py CONFIG.json      config: port, site (internal|external), names, faults
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CONFIG: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
XML = "application/vnd.microsoft.rtc.autodiscover+xml; v=1"
JSON = "application/vnd.microsoft.rtc.autodiscover+json; v=1"
EAS_SCHEMA = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"


class App(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "Microsoft-IIS/8.5", ""

    def log_message(self, *_: object) -> None:
        return

    def reply(self, status: int, body: str = "", kind: str = JSON, **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-MS-Server-Fqdn", CONFIG.get("server", "fe01.contoso.com"))
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    @property
    def external(self) -> bool:
        """Requests through the reverse proxy are the external web site's."""
        return self.headers.get("X-Forwarded-For") is not None or CONFIG.get("site") == "external"

    @property
    def clear(self) -> bool:
        return self.headers.get("X-Forwarded-Proto", "http") == "http"

    def do_GET(self) -> None:
        self.handle_any()

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.handle_any()

    def handle_any(self) -> None:
        path = self.path.split("?", 1)[0].lower()
        for prefix, fault in CONFIG.get("faults", {}).items():
            if path.startswith(prefix) and (not fault.get("host") or fault["host"] == (self.headers.get("Host") or "").split(":")[0]):
                return self.fault(fault)
        if path in ("/", "/autodiscover/autodiscoverservice.svc/root"):
            return self.root()
        if path == "/autodiscover/autodiscoverservice.svc/root/domain":
            return self.reply(200, self.domain())
        if path == "/autodiscover/autodiscoverservice.svc/root/user":
            return self.user()
        if path.startswith("/webticket/"):
            return self.ticket(path)
        if path.startswith(("/mcx/", "/ucwa/")):
            return self.reply(200, "{}", "application/json")
        if path.startswith("/autodiscover/autodiscover."):
            return self.exchange(path)
        if path.startswith("/microsoft-server-activesync"):
            return self.activesync()
        return self.reply(404, "not here", "text/html")

    def fault(self, fault: dict[str, Any]) -> None:
        if fault.get("challenge") and not self.headers.get("Authorization"):
            return self.reply(401, WWW_Authenticate='Basic realm="contoso"')
        headers = {k.replace("-", "_"): v for k, v in fault.get("headers", {}).items()}
        return self.reply(fault.get("status", 200), fault.get("body", ""), fault.get("type", "text/html"), **headers)

    def root(self) -> None:
        names, where = CONFIG["names"], "External" if self.external else "Internal"
        base = f"https://{names['EXT' if self.external else 'INTW']}/Autodiscover/AutodiscoverService.svc/root"
        if self.clear and not CONFIG.get("clear_full"):
            body = {"AccessLocation": where, "Root": {"Links": [{"href": base + "?originalDomain=" + names["domain"], "token": "Redirect"}]}}
        else:
            user = f"https://{names['EXT']}/Autodiscover/AutodiscoverService.svc/root/user?originalDomain=" + names["domain"]
            body = {"AccessLocation": where, "Root": {"Links": [{"href": base + "/domain", "token": "Domain"}, {"href": user, "token": "User"}]}}
        self.reply(200, json.dumps(body).replace("/", "\\/"))

    def domain(self) -> str:
        names, where = CONFIG["names"], "External" if self.external else "Internal"
        ext, inside = f"https://{names['EXT']}", f"https://{names['INTW']}"
        mcx = inside if CONFIG.get("mcx_internal") else ext
        links = [
            {"href": inside + "/Autodiscover/AutodiscoverService.svc/root", "token": "Internal/Autodiscover"},
            {"href": ext + "/Autodiscover/AutodiscoverService.svc/root", "token": "External/Autodiscover"},
            {"href": mcx + "/Mcx/McxService.svc", "token": "Internal/Mcx"},
            {"href": ext + "/Mcx/McxService.svc", "token": "External/Mcx"},
            {"href": inside + "/Ucwa", "token": "Internal/Ucwa"},
            {"href": ext + "/Ucwa", "token": "External/Ucwa"},
        ]
        pool = {"fqdn": names["POOL"], "port": "5061"}
        return json.dumps(
            {
                "AccessLocation": where,
                "Domain": {"Links": links, "SipClientInternalAccess": pool, "SipServerInternalAccess": pool, "SipServerExternalAccess": None},
            }
        )

    def user(self) -> None:
        if not self.headers.get("X-MS-WebTicket"):
            url = f"https://{CONFIG['names']['EXT']}/WebTicket/WebTicketService.svc"
            return self.reply(401, X_MS_WebTicketURL=url, X_MS_WebTicketSupported="cwt,saml")
        return self.reply(200, self.domain().replace('"Domain"', '"User"', 1))

    def ticket(self, path: str) -> None:
        if path.endswith("/auth") and not self.headers.get("Authorization"):
            return self.reply(401, WWW_Authenticate="NTLM")
        return self.reply(200, "<ticket/>", "text/xml")

    def exchange(self, path: str) -> None:
        names = CONFIG["names"]
        if self.clear and not CONFIG.get("clear_full"):
            return self.reply(302, Location=f"https://{names['AD']}{self.path}")
        if path.endswith(".json"):
            return self.reply(
                200, json.dumps({"Protocol": "ActiveSync", "Url": f"https://{names['MAIL']}/Microsoft-Server-ActiveSync"}), "application/json"
            )
        if not self.headers.get("Authorization"):
            return self.reply(401, WWW_Authenticate='Basic realm="contoso"')
        url = f"https://{names['MAIL']}/Microsoft-Server-ActiveSync"
        body = (
            '<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">'
            f'<Response xmlns="{EAS_SCHEMA}"><Culture>en:us</Culture><User><DisplayName>Pilar</DisplayName><EMailAddress>pilar@{names["domain"]}</EMailAddress></User>'
            f"<Action><Settings><Server><Type>MobileSync</Type><Url>{url}</Url><Name>{url}</Name></Server></Settings></Action></Response></Autodiscover>"
        )
        return self.reply(200, body, "text/xml; charset=utf-8")

    def activesync(self) -> None:
        if not self.headers.get("Authorization"):
            return self.reply(401, WWW_Authenticate='Basic realm="contoso"')
        return self.reply(200, "", "application/vnd.ms-sync.wbxml", MS_ASProtocolVersions="2.5,12.0,12.1,14.0,14.1,16.0")


ThreadingHTTPServer(("127.0.0.1", CONFIG["port"]), App).serve_forever()
