"""Collect the roots that left Mozilla's store: for each, the day from which it stood in no release of certifi any more.

    pip download --no-deps -d wheels certifi==2015.4.28   (and so on, a release or two a year)
    python .ci/collect_retired_roots.py wheels > pcapkit/trust/retired_roots.pem

Roots of the installed certifi are left out. Run it again, with the old wheels and the new one, when certifi drops roots.
"""

from __future__ import annotations

import base64
import datetime
import re
import sys
import textwrap
import warnings
import zipfile
from itertools import pairwise
from pathlib import Path

import certifi
from cryptography import x509

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


def roots(pem: bytes) -> set[bytes]:
    """The certificates of a bundle, DER."""
    return {base64.b64decode(found) for found in PEM.findall(pem)}


def release(wheel: Path) -> tuple[datetime.date, set[bytes]]:
    """Day of a release (newest file in it) and its roots; the bundles of weak roots that certifi once shipped beside are no trust store."""
    with zipfile.ZipFile(wheel) as archive:
        day = datetime.date(*max(entry.date_time for entry in archive.infolist())[:3])
        return day, roots(archive.read("certifi/cacert.pem"))


def main() -> None:
    """Print the retired roots as PEM, oldest retirement first."""
    warnings.simplefilter("ignore")
    releases = sorted((release(wheel) for wheel in Path(sys.argv[1]).glob("certifi-*.whl")), key=lambda r: r[0])
    now = roots(Path(certifi.where()).read_bytes())
    releases.append((datetime.date(*map(int, certifi.__version__.split(".")[:3])), now))
    until: dict[bytes, datetime.date] = {}
    for (_, present), (next_day, _) in pairwise(releases):
        until.update(dict.fromkeys(present - now, next_day))
    say = sys.stdout.write
    say("# Public roots that left Mozilla's store, from releases of certifi (Mozilla Public License 2.0). Made by .ci/collect_retired_roots.py.\n")
    say("# until: the first release looked at that no longer held the root; trusted before, not from then on.\n")
    for der, day in sorted(until.items(), key=lambda item: (item[1], item[0])):
        name = x509.load_der_x509_certificate(der).subject.rfc4514_string()
        body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
        say(f"\n# {name}\n# until {day}\n-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")


if __name__ == "__main__":
    main()
