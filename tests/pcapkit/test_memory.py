"""A run that ends with its process."""

import subprocess
import sys


def test_the_collector_is_off_and_the_library_takes_the_hint():
    code = "import gc; from pcapkit import memory; memory.for_one_run(); assert not gc.isenabled(); x = bytearray(1 << 24); del x"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
