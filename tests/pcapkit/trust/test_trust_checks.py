"""The checks of a chain, one by one."""

import pytest
from make_certs import DAY, NOW, authority, make, self_signed, tiny_rsa_public

from pcapkit.trust.certificate import info_of
from pcapkit.trust.checks import day_of, longest_days, matches, name_covered
from pcapkit.trust.verify import Trust

NAME = "webext.contoso.com"
ROOT = authority("CN=Root,DC=contoso,DC=com")


def faults(leaf, name=NAME, at=NOW, chain=()):
    return [f.code for f in Trust(public_roots=False).judge((leaf, *chain), name, at).faults if not f.code.startswith("untrusted")]


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("webext.contoso.com", "WEBEXT.contoso.com.", True),
        ("*.contoso.com", "webext.contoso.com", True),
        ("*.contoso.com", "contoso.com", False),
        ("*.contoso.com", "a.b.contoso.com", False),
        ("web*.contoso.com", "webext.contoso.com", False),
        ("*", "contoso", False),
        ("*.com", "contoso.com", False),
        ("", "contoso.com", False),
    ],
)
def test_a_wildcard_stands_for_one_label(pattern, name, covered):
    assert matches(pattern, name) is covered


def test_addresses_match_address_entries_only():
    leaf = info_of(ROOT.leaf("192.0.2.1", "2001:db8::1"))
    assert name_covered(leaf, "192.0.2.1")
    assert name_covered(leaf, "2001:db8:0:0::1")
    assert not name_covered(leaf, "192.0.2.2")
    assert not name_covered(info_of(ROOT.leaf("*.0.2.1")), "192.0.2.1")


def test_another_name():
    assert faults(ROOT.leaf("lyncdiscover.contoso.com")) == ["cert-name-mismatch"]
    assert faults(ROOT.leaf(NAME)) == []
    assert faults(ROOT.leaf("lyncdiscover.contoso.com"), name=None) == []


def test_a_common_name_alone_does_not_count():
    assert faults(ROOT.leaf(subject=f"CN={NAME}")) == ["cert-no-san"]
    assert faults(ROOT.leaf(subject="CN=other.contoso.com")) == ["cert-no-san", "cert-name-mismatch"]
    assert Trust().judge((ROOT.leaf(subject=f"CN={NAME}"),), NAME, NOW).name_ok is False


@pytest.mark.parametrize(
    ("eku", "start", "fault"),
    [
        (("1.3.6.1.5.5.7.3.1",), NOW - DAY, False),
        (("1.3.6.1.5.5.7.3.2",), NOW - DAY, True),
        (("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"), NOW - DAY, False),
        ((), NOW - DAY, True),
        ((), 1_561_939_199 * 10**9, False),
        ((), 1_561_939_200 * 10**9, True),
    ],
)
def test_meant_for_servers(eku, start, fault):
    leaf = ROOT.leaf(NAME, eku=eku, start=start, end=start + 90 * DAY)
    assert ("cert-no-server-auth" in faults(leaf, at=start)) is fault


@pytest.mark.parametrize(
    ("issued", "public", "days"),
    [
        ("2019-06-30", False, None),
        ("2019-07-01", False, 825),
        ("2020-08-31", True, 825),
        ("2020-09-01", True, 398),
        ("2026-03-14", True, 398),
        ("2026-03-15", True, 200),
        ("2026-03-15", False, 825),
        ("2027-03-15", True, 100),
        ("2029-03-15", True, 47),
    ],
)
def test_the_longest_lifetime_depends_on_the_day_of_issue(issued, public, days):
    from datetime import UTC, datetime

    assert longest_days(int(datetime.fromisoformat(issued).replace(tzinfo=UTC).timestamp()) * 10**9, public) == days


@pytest.mark.parametrize(("seconds", "fault"), [(-1, False), (0, True)])
def test_both_ends_of_a_lifetime_count(seconds, fault):
    leaf = ROOT.leaf(NAME, start=NOW, end=NOW + 825 * DAY + seconds * 10**9)
    assert ("cert-lifetime-too-long" in faults(leaf)) is fault


def test_weak_signatures_below_the_root_only():
    root = authority("CN=Old,O=Old", kind="rsa2048", digest="sha1")
    assert faults(root.leaf(NAME), chain=(root.der,)) == []
    assert faults(root.leaf(NAME, digest="sha1"), chain=(root.der,)) == ["cert-weak-signature"]
    assert faults(self_signed(NAME, kind="rsa2048", digest="sha1")) == ["cert-weak-signature"]


def test_weak_keys_of_server_and_issuer():
    assert faults(ROOT.leaf(NAME, public=tiny_rsa_public(1024))) == ["cert-weak-key"]
    short = authority("CN=Short", kind="rsa1024")
    assert faults(short.leaf(NAME), chain=(short.der,)) == ["cert-weak-key"]
    assert faults(ROOT.leaf(NAME, kind="rsa2048")) == []
    assert faults(ROOT.leaf(NAME, kind="ec192")) == ["cert-weak-key"]
    assert faults(ROOT.leaf(NAME, kind="dsa")) == ["cert-weak-key"]


def test_faults_come_in_order_of_rank():
    leaf = ROOT.leaf("other.contoso.com", end=NOW - DAY, start=NOW - 900 * DAY, eku=(), public=tiny_rsa_public(1024))
    found = [f.code for f in Trust().judge((leaf,), NAME, NOW).faults]
    assert found == ["cert-name-mismatch", "cert-expired", "untrusted-private-ca", "cert-weak-key", "cert-no-server-auth", "cert-lifetime-too-long"]


def test_absurd_times_are_words():
    assert day_of(None) == "an unknown day"
    assert day_of(10**30) == "an impossible day"
    assert day_of(NOW) == "2026-09-21"


def test_times_before_the_epoch_and_far_ahead_are_read():
    import datetime as dt

    leaf = make(
        "CN=a",
        ROOT.key.public_key(),
        ROOT.key,
        ROOT.name,
        start=-10 * 365 * DAY,
        end=int(dt.datetime(9999, 12, 31, tzinfo=dt.UTC).timestamp()) * 10**9,
    )
    info = info_of(leaf)
    assert info.not_before_ns == -10 * 365 * DAY
    assert day_of(info.not_after_ns) == "9999-12-31"
