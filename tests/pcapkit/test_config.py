"""The configuration: what it sets, and that everything wrong in it is told with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcapkit.config import Config, ConfigError, default_path, load, parse

GOOD = b"""
[site]
inside = ["192.0.2.0/24"]
public_ip = ["203.0.113.50"]
external_fqdn = ["WebExt.contoso.com."]
domains = ["contoso.com"]

[names]
"A4:83:E7:00:00:01" = "Joe's phone"

[trust]
roots = ["corp.pem"]
public_roots = false

[keys]
quit = "x"

[ui]
theme = "pcapkit-light"
time = "utc"
ascii = true

[thresholds]
dns_wait_s = 2
syn_min = 3
"""


def test_what_it_sets():
    config = parse(GOOD, "config.toml")
    assert config.warnings == ()
    assert config.inside == ("192.0.2.0/24",)
    assert config.external_fqdns == ("webext.contoso.com",)
    assert config.names == {"a4:83:e7:00:00:01": "Joe's phone"}
    assert (config.roots, config.public_roots, config.system_trust) == (("corp.pem",), False, False)
    assert config.ui["ascii"] is True
    assert (config.thresholds.dns_wait_s, config.thresholds.syn_min, config.thresholds.stall_wait_s) == (2.0, 3, 3.0)


WRONG = {
    "unknown section": (b"\n[sites]\ninside = []\n", "line 2: no section named [sites]"),
    "unknown key": (b"[site]\n\ninsid = []\n", "line 3: [site] knows no insid"),
    "wrong kind": (b'[site]\ninside = "10.0.0.0/8"\n', "line 2: [site] inside must be"),
    "no network": (b'[site]\ninside = ["10.0.0.0/99"]\n', "line 2: [site] inside must be addresses or networks"),
    "no address": (b'[site]\npublic_ip = ["example.com"]\n', "line 2: [site] public_ip"),
    "negative": (b"[thresholds]\nsyn_min = -1\n", "line 2: [thresholds] syn_min must be a number from 0 up"),
    "no switch": (b"[ui]\nascii = 1\n", "line 2: [ui] ascii must be true or false"),
    "key without section": (b"inside = 1\n", "line 1: no section named [inside]"),
    "same key elsewhere": (b"[names]\ntheme = 'x'\n[ui]\ntheme = 1\n", "line 4: [ui] theme"),
}


@pytest.mark.parametrize(("data", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_line_and_passed_over(data, said):
    config = parse(data, "c.toml")
    assert len(config.warnings) == 1
    assert said in config.warnings[0]


@pytest.mark.parametrize("data", [b"[site", b"a = \xff", b"= 1"])
def test_no_toml(data):
    with pytest.raises(ConfigError, match="no TOML"):
        parse(data, "c.toml")


def test_a_missing_file_is_an_error_only_when_named(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert load() == Config()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(str(tmp_path / "none.toml"))


def test_the_working_folder_is_never_read(tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_bytes(GOOD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
    assert load() == Config()
    default_path().parent.mkdir(parents=True)
    default_path().write_bytes(GOOD)
    assert load().inside == ("192.0.2.0/24",)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.text(alphabet='[]site.=\n" 1#', max_size=60).map(str.encode))
def test_any_bytes_are_a_configuration_or_an_error(data):
    try:
        parse(data, "c.toml")
    except ConfigError:
        return
