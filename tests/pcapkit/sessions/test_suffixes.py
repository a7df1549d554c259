"""Rules read by top-level domain say what the whole list says."""

from __future__ import annotations

import pytest
from publicsuffixlist import PublicSuffixList

from pcapkit.sessions.roles import is_public_suffix, organisational_domain

WHOLE = PublicSuffixList()
NAMES = (
    "a.b.contoso.com", "contoso.co.uk", "co.uk", "com", "foo.bar.kawasaki.jp", "city.kawasaki.jp", "a.ck", "www.ck", "x.y.xn--fiqs8s", "xn--55qx5d.cn",
    "a.xn--55qx5d.cn", "unknown.tldx", "a.unknown.tldx", "foo.github.io", "github.io", "a..b", "x.香港", "a.xn--j6w193g", "x" * 300 + ".com", "xn--zzzzzzz99",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_by_top_level_domain_as_by_the_whole_list(name):
    assert organisational_domain(name) == WHOLE.privatesuffix(name)
    assert is_public_suffix(name) == (WHOLE.publicsuffix(name) == name)
