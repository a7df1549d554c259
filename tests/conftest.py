"""What holds for every test: our own bugs are raised, a skip in CI is an error, what is not there skips with a reason."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator

import pytest
from where import SHARED

os.environ.setdefault("PCAPKIT_STRICT", "1")

# Shells and nohup start what runs in the background with these signals ignored, and children inherit that: tests need them as at a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

IN_CI = os.environ.get("PCAPKIT_CI") == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-golden", action="store_true", help="write the golden files anew, then look at their difference")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests say by a marker what they need."""
    if item.get_closest_marker("shared") and not SHARED.is_dir():
        pytest.skip("the shared captures are not beside this checkout")
    if item.get_closest_marker("tshark") and not shutil.which("tshark"):
        pytest.skip("tshark is not installed")
    if item.get_closest_marker("lab") and os.geteuid() != 0:
        pytest.skip("network namespaces need root")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The shared captures are no part of the repository: where CI does not have them, their tests are left out, not skipped."""
    if IN_CI and not SHARED.is_dir():
        left_out = [item for item in items if item.get_closest_marker("shared")]
        items[:] = [item for item in items if not item.get_closest_marker("shared")]
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """In CI everything is there: what skips would be a hole that nobody sees."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for whole files."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome, report.longrepr = "failed", f"skipped in CI: {report.longrepr}"
    return report
