"""What phones do: requests by different TLS libraries, and the sign-ins made of them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from world import Phone, World

HERE = Path(__file__).parent
LIBRARIES = ("curl", "python", "openssl", "gnutls", "java", "node", "wget")


def available(tool: str) -> bool:
    """The client is installed."""
    programs = {"gnutls": "gnutls-cli", "python": sys.executable}
    return shutil.which(programs.get(tool, tool)) is not None


def get(
    phone: Phone,
    url: str,
    roots: Path,
    *,
    tool: str = "curl",
    user: bool = False,
    headers: tuple[str, ...] = (),
    post: bool = False,
    wait: float = 4.5,
    tls: str = "",
) -> int:
    """One request; the status (0: none)."""
    status = _curl(phone, url, roots, user, headers, post, wait, tls) if tool == "curl" else _other(phone, url, roots, tool, wait)
    phone.commands.append({"tool": tool, "url": url, "http_code": status})
    return status


def _curl(phone: Phone, url: str, roots: Path, user: bool, headers: tuple[str, ...], post: bool, wait: float, tls: str) -> int:
    argv = [
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--http1.1",
        "--cacert",
        str(roots),
        "--connect-timeout",
        str(wait),
        "-m",
        str(wait + 3),
    ]
    argv += ["-A", _AGENTS.get(phone.platform, "curl"), *(x for h in headers for x in ("-H", h)), *tls.split()]
    if user:
        argv += ["-H", "X-MS-WebTicket: opaque=c2VjcmV0LXRpY2tldC1vZi10aGUtbGFi"] if "root/user" in url else ["-u", "pilar:Correct-Horse-9"]
    if post:
        argv += ["-X", "POST", "-d", "<r/>"]
    out = phone.box.run(*argv, url, check=False).stdout.strip()
    return int(out) if out.isdigit() else 0


_AGENTS = {
    "ios": "Apple-iPhone13C2/1901.346",
    "android": "Android-Mail/2024.10",
    "windows-phone": "MSFT-WP/8.10.14219",
    "windows": "OC/16.0 (Skype for Business)",
}


def _other(phone: Phone, url: str, roots: Path, tool: str, wait: float) -> int:
    host = url.split("//", 1)[1].split("/", 1)[0]
    limit = ["timeout", str(wait + 3)]
    if tool == "python":
        phone.box.run(*limit, sys.executable, str(HERE / "client.py"), url, str(roots), check=False)
    elif tool == "openssl":
        phone.box.run(
            *limit,
            "openssl",
            "s_client",
            "-connect",
            f"{host}:443",
            "-servername",
            host,
            "-CAfile",
            str(roots),
            "-verify_return_error",
            check=False,
            input="",
        )
    elif tool == "gnutls":
        phone.box.run(*limit, "gnutls-cli", "--x509cafile", str(roots), host, check=False, input="")
    elif tool == "java":
        phone.box.run(*limit, "java", "-XX:TieredStopAtLevel=1", str(HERE / "Get.java"), url, check=False)
    elif tool == "node":
        script = f"require('https').get('{url}',r=>r.resume()).on('error',()=>0)"
        phone.box.run(*limit, "node", "-e", script, check=False)
    elif tool == "wget":
        phone.box.run(*limit, "wget", "-q", "-O", "/dev/null", "-t", "1", "-T", str(wait), f"--ca-certificate={roots}", url, check=False)
    return 0


def lync_inside(world: World, phone: Phone, roots: Path, **kw: str) -> None:
    """The normal sign-in: internal name, internal web, then the external web services name for ticket and mobility."""
    n = world.names
    if get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots, **kw):  # type: ignore[arg-type]
        get(phone, f"https://{n['INTW']}/Autodiscover/AutodiscoverService.svc/root/domain", roots)
    lync_external(world, phone, roots)


def lync_external(world: World, phone: Phone, roots: Path) -> None:
    """What follows discovery."""
    ext = f"https://{world.names['EXT']}"
    if not get(phone, f"{ext}/Autodiscover/AutodiscoverService.svc/root/user?originalDomain={world.names['domain']}", roots):
        return
    get(phone, f"{ext}/WebTicket/WebTicketService.svc/mex", roots)
    get(phone, f"{ext}/WebTicket/WebTicketService.svc/Auth", roots, post=True)
    get(phone, f"{ext}/WebTicket/WebTicketService.svc/Auth", roots, post=True, user=True)
    get(phone, f"{ext}/Mcx/McxService.svc", roots, post=True)


def lync_fallback(world: World, phone: Phone, roots: Path) -> None:
    """Windows Phone: the internal name fails, the external one is tried."""
    n = world.names
    if not get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots):
        get(phone, f"https://{n['LD']}/?sipuri=sip:pilar@{n['domain']}", roots)
    lync_external(world, phone, roots)


def exchange(world: World, phone: Phone, roots: Path) -> None:
    """Steps 1 and 2 of Exchange's order, then ActiveSync."""
    n = world.names
    get(phone, f"https://{n['domain']}/autodiscover/autodiscover.xml", roots, post=True)
    get(phone, f"https://{n['AD']}/autodiscover/autodiscover.xml", roots, post=True)
    if get(phone, f"https://{n['AD']}/autodiscover/autodiscover.xml", roots, post=True, user=True) == 200:
        url = f"https://{n['MAIL']}/Microsoft-Server-ActiveSync?Cmd=Sync&User=pilar&DeviceId=ApplC37J&DeviceType=iPhone"
        get(phone, url, roots, post=True, user=True)


def browse(phone: Phone, roots: Path) -> None:
    """An ordinary web page outside."""
    get(phone, "https://www.example.com/", roots)
