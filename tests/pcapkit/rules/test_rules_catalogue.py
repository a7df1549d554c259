"""The catalogue as a whole: every code of it, each with all its texts."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

from pcapkit import rules
from pcapkit.rules import all_rules

CODES = [
    "hairpin-no-reply",
    "hairpin-reset",
    "hairpin-unreachable",
    "hairpin-asymmetric-reply",
    "hairpin-stalled",
    "hairpin-bypassed",
    "external-fqdn-unresolved",
    "untrusted-private-ca",
    "untrusted-self-signed",
    "untrusted-incomplete-chain",
    "cert-expired",
    "cert-not-yet-valid",
    "cert-name-mismatch",
    "cert-weak-signature",
    "cert-weak-key",
    "tls-rejected-by-client",
    "tls-version-refused",
    "http-fallback",
    "http-cleartext-credentials",
    "discover-internal-missing",
    "discover-no-record",
    "access-location-external",
    "mcx-internal-url",
    "autodiscover-http-error",
    "autodiscover-malformed",
    "autodiscover-redirect-loop",
    "mobility-service-error",
    "dns-timeout",
    "dns-servfail",
    "dns-bypass",
    "affinity-lost",
    "capture-one-way",
    "capture-drops",
    "capture-snaplen",
    "service-no-reply",
    "service-reset",
    "service-unreachable",
    "uplink-down",
    "discover-cname-foreign",
    "dns-split-mismatch",
    "autodiscover-leak",
    "cert-expiring",
    "cert-no-san",
    "cert-no-server-auth",
    "cert-lifetime-too-long",
    "tls-handshake-failed",
    "autodiscover-redirect-insecure",
    "autodiscover-auth-loop",
    "captive-portal",
    "access-location-internal",
    "longpoll-cut",
    "push-blocked",
    "sip-fallback",
    "capture-duplicates",
    "capture-offload",
    "capture-started-late",
]


def test_every_code_of_the_catalogue_has_a_rule_and_no_other():
    assert sorted(r.code for r in all_rules()) == sorted(CODES)


def test_a_rule_stands_in_the_file_of_its_name():
    for module in pkgutil.iter_modules(rules.__path__):
        if not module.name.startswith("_"):
            assert importlib.import_module(f"pcapkit.rules.{module.name}").RULE.code == module.name.replace("_", "-")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda r: r.code)
def test_every_rule_says_all_there_is_to_say(rule):
    assert rule.check is not None
    for text in (rule.title, rule.meaning, rule.recognised, rule.wireshark, rule.display_filter, rule.how_sure):
        assert text.strip() == text
        assert text
    assert rule.remedy
    assert rule.sources
    assert not rule.title.endswith(".")
    assert all(text.endswith((".", "?", ")", ":")) for text in (rule.meaning, rule.recognised, rule.how_sure))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_sources_are_such_as_everybody_can_read(rule):
    assert rule.sources
    assert not [source for source in rule.sources if ".md" in source]


def test_rules_are_imported_only_when_asked_for():
    code = "import sys, pcapkit.rules; sys.exit(any(m.startswith('pcapkit.rules.') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_rules_cost_no_cryptography():
    code = "import sys; from pcapkit.rules import all_rules; all_rules(); sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_platforms_stand_where_they_differ():
    by_code = {r.code: r for r in all_rules()}
    for code, rule in by_code.items():
        assert bool(rule.platforms) is (code.startswith(("untrusted-", "cert-")) or code == "http-fallback"), code
        assert ("platforms" in rule.facts) is bool(rule.platforms)


def test_tables_of_the_engine_are_shown_with_the_rules():
    by_code = {r.code: r for r in all_rules()}
    assert by_code["tls-rejected-by-client"].hidden_under[-2:] == ("untrusted-*", "cert-*")
    assert "untrusted-*" in by_code["http-fallback"].caused_by
    assert by_code["hairpin-bypassed"].hidden_under == ()
