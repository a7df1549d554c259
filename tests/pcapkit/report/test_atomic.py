"""Output files are whole or not there."""

from __future__ import annotations

import os
import stat

import pytest

from pcapkit.report import atomic
from pcapkit.report.atomic import OutputError, check_target, write_atomic


def leftovers(folder):
    return [name for name in os.listdir(folder) if name.endswith(".part")]


def test_writes_all_chunks_with_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "out.json", iter([b"one ", b"two"]))
    finally:
        os.umask(before)
    assert (tmp_path / "out.json").read_bytes() == b"one two"
    assert stat.S_IMODE(os.stat(tmp_path / "out.json").st_mode) == 0o640
    assert not leftovers(tmp_path)


def test_existing_file_needs_force(tmp_path):
    target = tmp_path / "out"
    target.write_text("old")
    with pytest.raises(OutputError, match="--force"):
        write_atomic(target, [b"new"])
    assert target.read_text() == "old"
    write_atomic(target, [b"new"], force=True)
    assert target.read_text() == "new"


def test_somebody_was_faster(tmp_path, monkeypatch):
    """A file that appears between the check and the end is not replaced."""
    target = tmp_path / "out"

    def chunks():
        target.write_text("theirs")
        yield b"ours"

    with pytest.raises(OutputError, match="exists"):
        write_atomic(target, chunks())
    assert target.read_text() == "theirs"
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("force", [False, True])
def test_never_through_a_link(tmp_path, force):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OutputError, match="symbolic link"):
        write_atomic(tmp_path / "link", [b"new"], force)
    assert (tmp_path / "real").read_text() == "old"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "fifo"])
def test_only_ordinary_files(tmp_path, make):
    make(tmp_path / "out")
    with pytest.raises(OutputError, match="no ordinary file"):
        write_atomic(tmp_path / "out", [b"x"], force=True)


def test_missing_folder(tmp_path):
    with pytest.raises(OutputError, match="folder"):
        write_atomic(tmp_path / "none" / "out", [b"x"])


def test_root_keeps_out_of_folders_that_others_write(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    os.chmod(tmp_path, 0o777)
    with pytest.raises(OutputError, match="others may write"):
        check_target(tmp_path / "out", force=False)
    os.chmod(tmp_path, 0o1777)
    check_target(tmp_path / "out", force=False)


def fails(*_args, **_kwargs):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "fchmod", "replace", "open"])
@pytest.mark.parametrize("old", [None, b"old"], ids=["new", "replaced"])
def test_a_failure_at_any_step_leaves_the_old_content_or_nothing(tmp_path, monkeypatch, step, old):
    target = tmp_path / "out"
    if old:
        target.write_bytes(old)
    with monkeypatch.context() as patched:
        patched.setattr(atomic.os, step, fails)
        if step == "replace":
            patched.setattr(atomic.os, "link", fails)
        with pytest.raises(OutputError, match="No space"):
            write_atomic(target, [b"new"], force=old is not None)
    assert (target.read_bytes() if target.exists() else None) == old
    assert not leftovers(tmp_path)


def test_an_exception_in_the_writer_leaves_nothing(tmp_path):
    def chunks():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "out", chunks())
    assert os.listdir(tmp_path) == []
