"""Screen 6: a certificate chain as it was sent, as it could be built, and what was checked of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pcapkit.report.cells import clip, pad
from pcapkit.report.style import Style
from pcapkit.sessions.scene import Tls
from pcapkit.trust.verdict import CertInfo, Verdict
from pcapkit_tui.view.lines import Line, Span, fit, labelled, line, paragraph
from pcapkit_tui.view.signs import signs

STATUS_WORDS: Final = {
    "public": "ends at a public root",
    "trusted": "ends at a root that you gave",
    "private": "ends at a root in no store",
    "self-signed": "signed by itself",
    "incomplete": "an issuer was not sent",
    "undecided": "the last issuer is unknown; may be a public one",
    "unverifiable": "could not be verified",
    "unparseable": "could not be read",
}
PURPOSES: Final = {
    "1.3.6.1.5.5.7.3.1": "server authentication", "1.3.6.1.5.5.7.3.2": "client authentication", "1.3.6.1.5.5.7.3.3": "code signing",
    "1.3.6.1.5.5.7.3.4": "e-mail", "1.3.6.1.5.5.7.3.8": "time stamping", "1.3.6.1.5.5.7.3.9": "OCSP signing", "2.5.29.37.0": "any",
}  # fmt: skip
"""Extended key usages (RFC 5280, 4.2.1.12)."""
SIGNATURES: Final = {
    "1.2.840.113549.1.1.": "RSA",
    "1.2.840.10045.4.": "ECDSA",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.2.840.10040.4.": "DSA",
}
GOOD: Final = frozenset(("public", "trusted"))


def checks(style: Style, tls: Tls, width: int) -> Iterator[Line]:
    """The chain in a few lines: who, by whom, until when, and every check with its mark."""
    verdict = tls.verdict
    if verdict is None:
        return
    good = verdict.status in GOOD
    text = f"{style.mark('ok' if good else 'critical')} {STATUS_WORDS.get(verdict.status, verdict.status)}"
    text += "" if good else f": {style.prose(verdict.reason)}"
    yield from labelled("path", text, width, style="" if good else "critical")
    yield from labelled("checks", "  ".join(_marks(style, verdict)), width)
    leaf = verdict.leaf
    if leaf:
        sans = f"  SAN {len(leaf.san_dns) + len(leaf.san_other)}"
        yield from labelled("subject", style.show(leaf.subject) + sans, width)
        yield from labelled("issuer", style.show(leaf.issuer) + ("" if len(verdict.sent) > 1 or leaf.self_signed else " (not sent)"), width)
        yield from labelled("valid", f"{_dates(style, leaf)}  {_key(leaf)} {leaf.signature_hash or ''}".rstrip(), width)
    for fault in verdict.faults:
        if fault.detail != verdict.reason:
            yield from labelled(fault.code, style.prose(fault.detail), width, max(12, len(fault.code) + 1), "warning")
    if tls.refusal:
        yield from labelled("reaction", style.prose(f"refused: {tls.refusal.evidence[-1][1] if tls.refusal.evidence else tls.refusal.kind}"), width)
    elif tls.accepted:
        yield from labelled("reaction", f"{style.mark('ok')} the device went on and sent data", width)


def _marks(style: Style, verdict: Verdict) -> Iterator[str]:
    """``✔ name  ✖ dates``: each check in a word."""
    codes = {fault.code for fault in verdict.faults}
    names = verdict.name_ok
    yield f"{style.mark('none' if names is None else 'ok' if names else 'critical')} name"
    yield f"{style.mark('critical' if codes & {'cert-expired', 'cert-not-yet-valid'} else 'ok')} dates"
    yield f"{style.mark('critical' if 'cert-weak-key' in codes else 'ok')} key"
    yield f"{style.mark('critical' if 'cert-weak-signature' in codes else 'ok')} signature"
    yield f"{style.mark('critical' if 'cert-no-server-auth' in codes else 'ok')} purpose"


def _dates(style: Style, cert: CertInfo) -> str:
    def day(time_ns: int | None) -> str:
        return style.date(time_ns) if time_ns is not None else "?"

    return style.own(f"{day(cert.not_before_ns)} … {day(cert.not_after_ns)}")


def _key(cert: CertInfo) -> str:
    return f"{(cert.key_type or '?').upper()} {cert.key_bits or ''}".rstrip()


def _algorithm(cert: CertInfo) -> str:
    oid = cert.signature_algorithm or "?"
    return next((name for begin, name in SIGNATURES.items() if oid.startswith(begin)), oid)


# ---------------------------------------------------------------- the screen


def lines(style: Style, tls: Tls, server: str, at: str, width: int) -> list[Line]:
    """The whole screen: sent order against the built path, each certificate, then the verdict."""
    verdict = tls.verdict
    name = tls.sni or (verdict.name if verdict else None)
    found = paragraph(f"Sent by {style.show(server)} for {style.show(name or 'no name')}   {at}", width, " ", " ", "bold")
    if tls.chain_borrowed:
        found += paragraph(
            "This connection shows no certificate; the chain is that of another connection to the same server.", width, " ", " ", "dim"
        )
    if verdict is None:
        return [*found, *paragraph(_unseen(tls), width, " ", " ")]
    found += _sent(style, verdict, width)
    found += [Line(), *_path(style, verdict, width), Line()]
    found += list(checks(style, tls, width))
    if verdict.low_confidence:
        found += labelled("but", style.prose(verdict.low_confidence), width)
    for number, cert in enumerate(verdict.sent, 1):
        found += [Line(), *_certificate(style, cert, number, width)]
    return found


def _unseen(tls: Tls) -> str:
    if tls.resumed:
        return "The session was resumed: no certificate is sent then."
    if tls.version == 0x0304:
        return "TLS 1.3 encrypts certificates: they cannot be seen without a key log (--keylog)."
    return "No certificate of this connection is in the capture."


def _sent(style: Style, verdict: Verdict, width: int) -> list[Line]:
    """In the order sent."""
    on_path = {cert.sha256 for cert in verdict.path}
    bad = {fault.sha256 for fault in verdict.faults}
    found: list[Line] = []
    wide = max(12, min(48, width - 48))
    for number, cert in enumerate(verdict.sent, 1):
        mark = "critical" if cert.sha256 in bad else "ok" if cert.sha256 in on_path else "none"
        subject = pad(clip(style.show(cert.common_name or cert.subject), wide, style.own("…")), wide)
        text = f"{number} {subject}  {pad(_key(cert) + ' ' + (cert.signature_hash or ''), 16)}  {_dates(style, cert)}"
        found.append(fit(line(" ", Span(style.mark(mark), "dim" if mark == "none" else mark), " " + text, key=f"cert{number}"), width, style))
    return found


def _path(style: Style, verdict: Verdict, width: int) -> list[Line]:
    """From the leaf up, as far as it could be built."""
    sign = signs(style)
    sent = {cert.sha256 for cert in verdict.sent}
    found = [line(Span(" Built path", "head"))]
    for depth, cert in enumerate(verdict.path):
        here = "" if cert.sha256 in sent else "   not sent, taken from a store or another connection"
        found.append(line(f"  {'  ' * depth}{sign.corner if depth else ' '} {style.show(cert.common_name or cert.subject)}", Span(here, "dim")))
    depth = len(verdict.path)
    indent = f"  {'  ' * depth}{sign.corner} "
    if verdict.missing_issuer:
        found += paragraph(f"{style.show(verdict.missing_issuer)}   not sent, in no store loaded", width, indent, style="critical")
    elif verdict.anchor:
        found += paragraph(f"{style.show(verdict.anchor)}   root of the {verdict.anchor_source or '?'} store", width, indent, style="ok")
    return found


def _certificate(style: Style, cert: CertInfo, number: int, width: int) -> Iterator[Line]:
    yield line(Span(f" Certificate {number}", "head"))
    yield from labelled("subject", style.show(cert.subject), width)
    yield from labelled("issuer", style.show(cert.issuer), width)
    names = ", ".join((*cert.san_dns, *cert.san_other))
    yield from labelled("SAN", style.show(names, 2_000) if names else "none", width)
    yield from labelled("valid", _dates(style, cert), width)
    yield from labelled("key", f"{_key(cert)}, signed with {_algorithm(cert)} {cert.signature_hash or ''}".rstrip(), width)
    yield from labelled("purpose", style.show(", ".join(PURPOSES.get(use, use) for use in cert.eku) if cert.eku else "any"), width)
    yield from labelled("key ids", style.show(f"own {cert.ski or '-'}  issuer's {cert.aki or '-'}"), width)
    yield from labelled("serial", style.show(cert.serial), width)
    yield from labelled("SHA-256", cert.sha256, width)
    for fault in cert.faults:
        yield from labelled("unreadable", style.prose(fault), width, style="warning")
