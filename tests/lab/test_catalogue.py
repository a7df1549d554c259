"""The laboratory is complete, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import acts
import net
import pytest
from record import chosen
from scenarios import SCENARIOS
from world import HERE

from pcapkit.rules import all_rules

CANNOT = net.missing()
needs_lab = pytest.mark.skipif(CANNOT is not None, reason=CANNOT or "")


def test_every_code_has_a_scenario_and_a_healthy_twin() -> None:
    made = {code for s in SCENARIOS.values() for code in s.codes}
    assert made == {rule.code for rule in all_rules()}
    twins = {s.name: s.twin for s in SCENARIOS.values() if s.codes}
    assert [name for name, twin in twins.items() if twin not in SCENARIOS or name == twin] == []


def test_five_tls_libraries_refuse_and_accept() -> None:
    """OpenSSL (curl, Python, openssl), GnuTLS (gnutls-cli, git), JSSE, NSS, and Node.js with its own way of verifying."""
    for tool in acts.LIBRARIES:
        assert {f"refused_by_{tool}_12", f"refused_by_{tool}_13"} <= SCENARIOS.keys()
    assert sum(map(acts.available, ("openssl", "gnutls", "java", "nss", "node"))) == 5 or not os.environ.get("PCAPKIT_CI")


def test_scenarios_are_found_by_name_pattern_and_code() -> None:
    assert [s.name for s in chosen(["service_reset"])] == ["service_reset"]
    assert {s.name for s in chosen(["longpoll-cut", "affinity*"])} >= {"longpoll_cut", "affinity_kept"}
    assert all("hairpin-reset" in s.codes for s in chosen(["hairpin-reset"]))
    with pytest.raises(SystemExit, match="no scenario and no code nonsense"):
        chosen(["nonsense"])


def _left(tag: str) -> list[str]:
    """Namespaces, folders and processes that carry a tag."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.splitlines()
    found = [name for name in names if name.startswith(tag)]
    found += [str(p) for folder in (Path("/etc/netns"), Path(tempfile.gettempdir())) if folder.is_dir() for p in folder.glob(f"{tag}*")]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if tag.encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
    return found


@needs_lab
@pytest.mark.lab
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_behind_by_a_run_that_is_ended(how: signal.Signals, tmp_path: Path) -> None:
    argv = [sys.executable, str(HERE / "record.py"), str(tmp_path), "hairpin_drop"]
    run = subprocess.Popen(argv, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tag = f"pk{run.pid}x"
    _wait(lambda: (tmp_path / "hairpin_drop.pcap").exists())
    assert _left(tag)
    run.send_signal(how)
    run.wait(20)
    _wait(lambda: not _left(tag))


def _wait(ready) -> None:
    deadline = time.monotonic() + 20
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)
