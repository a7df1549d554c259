"""The options of every command, as the contract names them."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Final

from pcapkit._version import __version__

FORMATS: Final = ("text", "json", "jsonl", "md", "html", "csv", "parquet")
LEVELS: Final = ("info", "warning", "critical")


def analyze(parser: ArgumentParser) -> None:
    """``pcapkit analyze``."""
    _captures(parser)
    _output(parser, FORMATS, "text")
    out = parser.add_argument_group("report")
    out.add_argument("--brief", action="store_true", help="one line a finding")
    out.add_argument("--full", action="store_true", help="with the flows")
    out.add_argument("--follow", action="store_true", help="wait for more at the end of a growing file, until stopped")
    out.add_argument(
        "--fail-on", choices=("never", *LEVELS), default="never", help="exit 1 with a finding of this severity or above (default: never)"
    )
    _site(parser)
    _trust(parser)
    _keys(parser)
    _narrow(parser)
    _redact(parser)
    _work(parser)


def dissect(parser: ArgumentParser) -> None:
    """``pcapkit dissect``."""
    _captures(parser)
    _output(parser, ("jsonl", "csv", "parquet"), "jsonl")
    parser.add_argument(
        "--type", action="append", metavar="TYPE,…", dest="types", help="only these event types (dns,tls.certificate; tls means all of it)"
    )
    _site(parser)
    _trust(parser)
    _keys(parser)
    _narrow(parser)
    _redact(parser)
    _work(parser)


def tui(parser: ArgumentParser) -> None:
    """``pcapkit tui``."""
    _captures(parser)
    parser.add_argument("-i", "--interface", metavar="IFACE", help="browse a running capture")
    parser.add_argument("--serve", nargs="?", const="127.0.0.1:8080", metavar="ADDR:PORT", help="show it in a browser (loopback by default)")
    _site(parser)
    _trust(parser)
    _keys(parser)
    _narrow(parser)
    _redact(parser)
    _work(parser)


def live(parser: ArgumentParser) -> None:
    """``pcapkit live``."""
    _captures(parser)
    _output(parser, ("text", "json", "jsonl", "md", "html"), "text")
    take = parser.add_argument_group("capturing")
    take.add_argument("-i", "--interface", metavar="IFACE", help="interface, or erspan:ADDR, tzsp:PORT, peekremote:PORT")
    take.add_argument("-w", dest="write", metavar="FILE", help="keep the packets in this file")
    take.add_argument("--ring", metavar="N×MB", help="keep the packets in a ring of N files of MB megabytes (an ASCII x too)")
    take.add_argument("-f", dest="bpf", metavar="BPF", help="capture filter")
    take.add_argument("--snaplen", type=_positive, metavar="N", help="bytes kept of each packet")
    take.add_argument("-a", dest="autostop", metavar="duration:S", help="stop after S seconds")
    take.add_argument("-c", dest="packets", type=_positive, metavar="N", help="stop after N packets")
    take.add_argument("--monitor", action="store_true", help="802.11 monitor mode, restored at the end")
    take.add_argument("--channel", type=_positive, metavar="N", help="802.11 channel in monitor mode")
    take.add_argument("--notify-command", metavar="CMD", help="run CMD with each new finding as JSON on its standard input")
    parser.add_argument("--fail-on", choices=("never", *LEVELS), default="never", help="exit 1 with a finding of this severity or above")
    parser.add_argument("--brief", action="store_true", help="one line a finding")
    parser.add_argument("--full", action="store_true", help="with the flows")
    _site(parser)
    _trust(parser)
    _keys(parser)
    _narrow(parser)
    _redact(parser)
    _work(parser)


def extract(parser: ArgumentParser) -> None:
    """``pcapkit extract``."""
    _captures(parser)
    pick = parser.add_argument_group("what to cut out")
    pick.add_argument("--session", action="append", default=[], metavar="S1", help="packets of this session (repeatable)")
    pick.add_argument("--finding", action="append", default=[], metavar="F1", help="packets of this finding (repeatable)")
    pick.add_argument("--flow", action="append", default=[], metavar="T1", help="packets of this flow (repeatable)")
    pick.add_argument("--certs", metavar="DIR", help="write the certificate chains as PEM into DIR instead")
    pick.add_argument("--with-keys", action="store_true", help="put key material into the cut")
    _output(parser, (), None)
    _site(parser)
    _trust(parser)
    _keys(parser)
    _narrow(parser, union=True)
    _redact(parser)
    _work(parser)


def explain(parser: ArgumentParser) -> None:
    """``pcapkit explain``."""
    parser.add_argument("code", nargs="*", metavar="CODE", help="a code, its beginning, or a pattern (cert-*); without one, the catalogue")
    _output(parser, ("text", "json"), "text")


def doctor(parser: ArgumentParser) -> None:
    """``pcapkit doctor``."""
    parser.add_argument("-i", "--interface", metavar="IFACE", help="also: can this interface be captured on?")
    parser.add_argument("--limits", action="store_true", help="print every bound and threshold")


def schema(parser: ArgumentParser) -> None:
    """``pcapkit schema``."""
    documents = ("report", "lines", "event")
    parser.add_argument("document", nargs="?", choices=documents, default="report", help="report (default), lines (jsonl) or event (dissect)")
    _output(parser, (), None)


def common(parser: ArgumentParser) -> None:
    """What every command takes."""
    show = parser.add_argument_group("display and messages")
    show.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colour (default: auto, on a terminal)")
    show.add_argument("--ascii", action="store_true", default=None, help="ASCII marks, no lines or symbols")
    show.add_argument("--utc", action="store_true", default=None, help="times in UTC (default: this machine's time, offset shown)")
    show.add_argument("--no-progress", action="store_true", help="no progress on the terminal")
    show.add_argument("-q", "--quiet", action="store_true", help="errors only")
    show.add_argument("-v", "--verbose", action="store_true", help="say what is guessed and done")
    show.add_argument("--debug", action="store_true", help="timings by stage, tracebacks")
    show.add_argument("--log", metavar="FILE", help="write messages to FILE")
    show.add_argument("--config", metavar="FILE", help="read this configuration (default: config.toml in the user's folder)")
    show.add_argument("--version", action="version", version=f"pcapkit {__version__}")


def _captures(parser: ArgumentParser) -> None:
    parser.add_argument("captures", nargs="*", metavar="CAPTURE", help="capture file, folder, or - for standard input")


def _output(parser: ArgumentParser, formats: tuple[str, ...], default: str | None) -> None:
    out = parser.add_argument_group("output")
    if formats:
        out.add_argument("--format", choices=formats, default=default, help=f"default: {default}")
    out.add_argument("-o", "--output", metavar="FILE", help="write to FILE, whole or not at all")
    out.add_argument("--force", action="store_true", help="replace an existing output file")


def _site(parser: ArgumentParser) -> None:
    site = parser.add_argument_group("your network (what is not given is guessed, and the guess is printed)")
    site.add_argument("--inside", action="append", default=[], type=_network, metavar="CIDR", help="inside, beside the private ranges (repeatable)")
    site.add_argument(
        "--public-ip", action="append", default=[], type=_address, metavar="ADDR", help="an address of yours on the outside (repeatable)"
    )
    site.add_argument(
        "--external-fqdn", action="append", default=[], type=_name, metavar="NAME", help="name of the external web services (repeatable)"
    )
    site.add_argument("--domain", action="append", default=[], type=_name, metavar="NAME", help="only these SIP or SMTP domains (repeatable)")


def _trust(parser: ArgumentParser) -> None:
    trust = parser.add_argument_group("certificates")
    trust.add_argument("--trust", action="append", default=[], metavar="FILE_OR_DIR", help="more roots, PEM or DER (repeatable)")
    trust.add_argument("--no-public-roots", action="store_true", help="without the public roots")
    trust.add_argument("--system-trust", action="store_true", help="with this machine's roots")
    trust.add_argument("--intermediates", action="append", default=[], metavar="FILE", help="issuers that servers may have left out (repeatable)")
    trust.add_argument("--at", metavar="TIME", help="verify certificates as of TIME (default: each at its packet's time)")


def _keys(parser: ArgumentParser) -> None:
    keys = parser.add_argument_group("keys")
    keys.add_argument("--keylog", action="append", default=[], metavar="FILE", help="TLS key log, NSS format (repeatable)")
    keys.add_argument("--wpa-psk", action="append", default=[], metavar="SSID:PASSPHRASE", help="Wi-Fi key; @FILE reads it from a file, SSID: asks")
    keys.add_argument("--decode", action="append", default=[], metavar="SEL,PROTO", help="force a layer (repeatable)")


def _narrow(parser: ArgumentParser, union: bool = False) -> None:
    narrow = parser.add_argument_group("narrowing (never changes a verdict)")
    narrow.add_argument("--device", action="append", default=[], metavar="X", help="only this device: id, MAC, address or host name (repeatable)")
    said = "only what matches, such as 'severity>=warning and domain:contoso.com'"
    if union:
        narrow.add_argument("--filter", action="append", default=[], metavar="EXPR", help=f"{said} (repeatable)")
    else:
        narrow.add_argument("--filter", metavar="EXPR", help=said)
    narrow.add_argument("--since", metavar="TIME", help="only from TIME on: 2026-11-22T10:02:30Z, 10:02:30, or +5m after the start")
    narrow.add_argument("--until", metavar="TIME", help="only up to TIME")
    narrow.add_argument("--min-severity", choices=LEVELS, help="only findings of this severity or above")
    narrow.add_argument("--only", action="append", default=[], metavar="CODE", help="only findings with this code; patterns allowed (repeatable)")
    narrow.add_argument("--ignore", action="append", default=[], metavar="CODE[:REASON]", help="list findings with this code as ignored (repeatable)")


def _redact(parser: ArgumentParser) -> None:
    redact = parser.add_argument_group("personal data (secrets are never shown)")
    redact.add_argument("--redact", action="store_true", help="number users, devices, addresses and host names instead of naming them")
    redact.add_argument("--redact-map", metavar="FILE", help="keep the key to these numbers in FILE")


def _work(parser: ArgumentParser) -> None:
    work = parser.add_argument_group("work")
    work.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes (default: 1)")
    work.add_argument("--strict", action="store_true", help="exit 3 for a damaged input, 70 for any bug of ours")


def _positive(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 2**31:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no whole number from 1 up")


def _network(text: str) -> str:
    from ipaddress import ip_network

    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no network such as 10.0.0.0/8 or 2001:db8::/32") from None


def _address(text: str) -> str:
    from ipaddress import ip_address

    try:
        return str(ip_address(text))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no address such as 203.0.113.50") from None


def _name(text: str) -> str:
    name = text.strip().rstrip(".").lower()
    if not name or len(name) > 253 or any(c.isspace() or c in "/:@" for c in name):
        raise ArgumentTypeError(f"{text!r} is no DNS name such as webext.contoso.com")
    return name
