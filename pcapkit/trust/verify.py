"""The verdict on a chain, for a name, at the packet's own time (docs/trust.md).

``Trust`` is cheap to make: no library is imported, and no store read but what the user named, before the first chain is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Final

from pcapkit.limits import MIB
from pcapkit.trust.stores import Store, read_certificates, store_of
from pcapkit.trust.verdict import Status, Verdict

if TYPE_CHECKING:
    from pcapkit.trust.certificate import Cert
    from pcapkit.trust.chain import Path, Pool

HEARD_BYTES: Final = 16 * MIB
"""Certificates of the capture that are kept as possible issuers."""
VERDICTS: Final = 4096
"""Verdicts kept; the oldest leave first."""
BY_NAMES: Final = "names inside the certificates were replaced, so the path was built by names alone"
BR_POLICIES: Final = "2.23.140.1."
"""Policies of the CA/Browser Forum: only public CAs write them."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A verdict and the time over which it holds: from ``start_ns`` up to, not including, ``end_ns``."""

    start_ns: int
    end_ns: int
    verdict: Verdict


class Trust:
    """Judges chains against the stores of a run.

    ``trust``: roots added, ``intermediates``: certificates that may complete a chain (paths, PEM or DER); ``at_ns``: judge as of then, instead of at
    each packet's time. ``described`` says what was loaded, with dates.

    Raises:
        StoreError: a path cannot be read or holds no certificate.
    """

    def __init__(
        self,
        trust: Sequence[str | FilePath] = (),
        intermediates: Sequence[str | FilePath] = (),
        *,
        public_roots: bool = True,
        system: bool = False,
        at_ns: int | None = None,
    ) -> None:
        self.at_ns = at_ns
        self._public, self._system = public_roots, system
        self._roots = [(path, read_certificates(path)) for path in trust]
        self._renamed = False
        self._given = tuple(der for path in intermediates for der in read_certificates(path))
        self._heard: dict[bytes, None] = {}
        self._heard_bytes = 0
        self._taken = 0
        self._verdicts: dict[tuple[tuple[bytes, ...], str | None], _Kept] = {}

    @cached_property
    def store(self) -> Store:
        """The anchors, read when they are asked for."""
        return store_of(self._roots, public=self._public, system=self._system)

    @property
    def described(self) -> tuple[str, ...]:
        """One line for each source of anchors."""
        given = (f"--intermediates ({len(self._given)} certificates)",) if self._given else ()
        return (*self.store.described, *given)

    @cached_property
    def pool(self) -> Pool:
        """Where issuers are looked for."""
        from pcapkit.trust.chain import Pool

        return Pool(self.store, self._given)

    def learn(self, der: bytes) -> None:
        """A certificate seen anywhere in the capture: it may be the issuer that another server did not send. Looked at when a chain is judged."""
        if der not in self._heard and self._heard_bytes + len(der) <= HEARD_BYTES:
            self._heard[der] = None
            self._heard_bytes += len(der)

    def expect_renamed(self) -> None:
        """A capture says that names inside its certificates were replaced: paths that its signatures do not show are built by names alone."""
        if not self._renamed:
            self._renamed = True
            self._verdicts.clear()

    def _take_in(self) -> None:
        """Put what was heard since the last chain into the pool."""
        if self._taken == len(self._heard):
            return
        new = [der for der in islice(self._heard, self._taken, None) if self.pool.learn(der)]
        self._taken = len(self._heard)
        if new:
            self._verdicts.clear()

    def given_chain(self, name: str) -> tuple[bytes, ...]:
        """A chain of ``--intermediates`` for this name: what a server shows under TLS 1.3 can be given instead (docs/domain.md, 6). Empty if none."""
        from pcapkit.trust.certificate import info_of
        from pcapkit.trust.checks import name_covered

        servers = [der for der in self._given if info_of(der).is_ca is not True and name_covered(info_of(der), name)]
        return (servers[0], *(der for der in self._given if info_of(der).is_ca)) if servers else ()

    def judge(self, chain: Sequence[bytes], name: str | None, at_ns: int) -> Verdict:
        """The verdict on a chain as sent (DER, leaf first), for the name asked, at ``at_ns``. Never raises."""
        der = tuple(chain)
        at_ns = at_ns if self.at_ns is None else self.at_ns
        name = name.lower().rstrip(".") if name else None
        self._take_in()
        kept = self._verdicts.get((der, name))
        if kept and kept.start_ns <= at_ns < kept.end_ns:
            return kept.verdict
        fresh = self._judge(der, name, at_ns)
        if len(self._verdicts) >= VERDICTS:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[(der, name)] = fresh
        return fresh.verdict

    def _judge(self, der: tuple[bytes, ...], name: str | None, at_ns: int) -> _Kept:
        from pcapkit.trust.certificate import read
        from pcapkit.trust.chain import build

        sent = [read(d) for d in dict.fromkeys(der)]
        if not sent or not sent[0].readable:
            reason = f"the leaf does not parse ({'; '.join(sent[0].info.faults)})" if sent else "no certificate was sent"
            infos = tuple(c.info for c in sent)
            return _Kept(at_ns, at_ns + 1, Verdict("unparseable", infos, (), None, None, None, reason, name, None))
        path = build(sent, self.pool, at_ns, self._renamed)
        verdict = _Judgement(sent, path, name, at_ns, self.pool).verdict()
        start, end = _holds(sent, path, at_ns)
        return _Kept(start, end, verdict)


def _holds(sent: Sequence[Cert], path: Path, at_ns: int) -> tuple[int, int]:
    """The time around ``at_ns`` in which no certificate begins or ends and no anchor retires."""
    from pcapkit.trust.chain import RUN_OUT_NS
    from pcapkit.trust.checks import NO_CLOCK_NS

    until = path.anchor.until_ns if path.anchor else None
    moments: list[int | None] = [NO_CLOCK_NS, *((until, until + RUN_OUT_NS) if until is not None else ())]
    for cert in (*sent, *path.certs):
        moments += [cert.info.not_before_ns, None if cert.info.not_after_ns is None else cert.info.not_after_ns + 1]
    known = [m for m in moments if m is not None]
    return max((m for m in known if m <= at_ns), default=at_ns), min((m for m in known if m > at_ns), default=at_ns + 1)


@dataclass(slots=True)
class _Judgement:
    """Path to verdict: the status, then every fault in the order of docs/trust.md."""

    sent: Sequence[Cert]
    path: Path
    name: str | None
    at_ns: int
    pool: Pool

    def verdict(self) -> Verdict:
        from pcapkit.trust import checks
        from pcapkit.trust.chain import End

        infos = [c.info for c in self.path.certs]
        if self.path.by_names and self.path.end is End.ROOT:
            infos[-1] = replace(infos[-1], self_signed=True)
        status, reason, doubt = self.status()
        anchored = self.path.end is End.ANCHOR
        on_path = {i.sha256 for i in infos}
        subject = checks.Subject(
            path=tuple(infos),
            sent=frozenset(c.sha256 for c in self.sent),
            anchored=anchored,
            public=anchored and self.path.anchor is not None and self.path.anchor.source in ("public", "retired"),
            name=self.name,
            at_ns=self.at_ns,
        )
        name_ok = checks.name_covered(infos[0], self.name) if self.name and infos[0].extensions_read else None
        verdict = Verdict(
            status=status,
            sent=tuple(c.info for c in self.sent),
            path=tuple(infos),
            anchor=infos[-1].subject if self.path.anchor else None,
            anchor_source=self.path.anchor.source if self.path.anchor else None,
            missing_issuer=self.missing_issuer(),
            reason=reason,
            name=self.name,
            name_ok=name_ok,
            expired_extra=tuple(c.sha256 for c in self.sent if c.sha256 not in on_path and checks.is_expired(c.info, self.at_ns)),
            low_confidence=BY_NAMES if self.path.by_names else doubt,
            by_names=self.path.by_names,
            undated=self.at_ns < checks.NO_CLOCK_NS,
        )
        return replace(verdict, faults=checks.faults_of(subject, status, reason))

    def missing_issuer(self) -> str | None:
        """The first issuer on the path that the server did not send (anchors need not be sent)."""
        from pcapkit.trust.chain import End

        have = {c.der for c in self.sent}
        certs = self.path.certs
        for child, issuer in pairwise(certs):
            if issuer.der not in have and not (self.path.anchor and issuer is certs[-1]):
                return child.info.issuer
        return self.path.top.info.issuer if self.path.end in (End.MISSING, End.LIMIT) and not self.path.top.info.self_signed else None

    def status(self) -> tuple[Status, str, str | None]:
        """Status, the reason in words, and why it is less sure than usual."""
        from pcapkit.trust.chain import End

        path, anchor = self.path, self.path.anchor
        if path.end is End.ANCHOR and anchor is not None:
            if not path.complete:
                return "incomplete", f"{self.missing_issuer()} was not sent; with it the chain ends at {path.top.info.subject}", None
            if anchor.source in ("public", "retired"):
                left = ", which has left the stores since" if anchor.source == "retired" else ""
                return "public", f"ends at the public root {path.top.info.subject}{left}", None
            return (
                "trusted",
                f"ends at {path.top.info.subject}, a root given by {'--trust' if anchor.source == 'trust' else 'the system store'}",
                None,
            )
        if path.end is End.RETIRED:
            return "undecided", f"ends at {path.top.info.subject}, a public root that had left the stores before: older devices still trust it", None
        if path.end is End.LIMIT:
            return "unverifiable", path.note or "the chain cannot be verified", None
        if path.end is End.ROOT:
            return self.at_a_root()
        return self.without_issuer()

    def at_a_root(self) -> tuple[Status, str, str | None]:
        top = self.path.top.info
        if len(self.path.certs) == 1:
            return "self-signed", "the certificate signed itself, and no store holds it", None
        signs = self.signs_of_public()
        doubt = f"{signs[0]}: the root may be a public one that the stores here lack" if signs else None
        return "private", f"ends at {top.subject}, a root in no store ({self.pool.label})", doubt

    def without_issuer(self) -> tuple[Status, str, str | None]:
        """Only the last issuer is unknown: public and not sent, a root that nobody has to send, or private (docs/trust.md)."""
        missing = self.path.top.info.issuer
        note = f" ({self.path.note})" if self.path.note else ""
        if signs := self.signs_of_public():
            if len(self.path.certs) > 1:
                return "undecided", f"{missing} is in no store here, but {signs[0]}: it may be a root, which need not be sent{note}", None
            return "incomplete", f"{missing} was not sent, and {signs[0]}{note}", None
        doubt = None if self.name_is_private() else f"the root was not sent, and the name {missing} does not tell whether it is public"
        return "private", f"{missing} was not sent and is in no store ({self.pool.label}){note}", doubt

    def signs_of_public(self) -> list[str]:
        """What says that a chain belongs to a public CA, or to the CA of a given root, best first."""
        from pcapkit.trust.chain import marks_of

        leaf = self.path.certs[0].info
        signs = []
        if leaf.has_sct:
            signs.append("the certificate carries certificate-transparency timestamps")
        if any(policy.startswith(BR_POLICIES) for policy in leaf.policies):
            signs.append("the certificate names a CA/Browser Forum policy")
        for cert in self.path.certs:
            if shared := marks_of(cert.issuer) & self.pool.marks:
                signs.append(
                    f"its issuer shares {'the organisation' if min(shared)[0] == 'O' else 'the domain'} {min(shared)[1]!r} with a known root"
                )
                break
        return signs

    def name_is_private(self) -> bool:
        """The missing issuer's name belongs to a directory domain, or to the organisation or domain that the leaf is for: no public CA is called so."""
        from pcapkit.trust.chain import marks_of

        top = self.path.top
        if any(kind == "DC" for kind, _ in marks_of(top.issuer)):
            return True
        leaf = self.path.certs[0].info
        words = {label for name in (*leaf.san_dns, leaf.common_name or "") for label in name.lower().split(".")[-2:-1] if len(label) > 3}
        words |= {word for word in (leaf.organization or "").lower().split()[:1] if len(word) > 3}
        issuer = top.info.issuer.lower()
        return any(word in issuer for word in words)
