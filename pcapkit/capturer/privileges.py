"""Who a capturing process becomes once the interface is open: the user who called sudo, else nobody, and nothing more can be gained again."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
from typing import Final, NamedTuple

NET_ADMIN: Final = 12
NET_RAW: Final = 13
DAC_OVERRIDE: Final = 1
SETGID: Final = 6
SETUID: Final = 7
_LAST_CAPABILITY: Final = 63
_PDEATHSIG, _KEEPCAPS, _CAPBSET_DROP, _NO_NEW_PRIVS, _AMBIENT = 1, 8, 24, 38, 47
_AMBIENT_RAISE: Final = 2
_VERSION_3: Final = 0x20080522
NOBODY: Final = 65_534


class User(NamedTuple):
    """Whom to become."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


def invoking_user() -> User | None:
    """The user who called sudo, None if we are not root, or nobody did."""
    told = os.environ.get("SUDO_UID", "")
    if os.geteuid() != 0 or not told.isdecimal() or int(told) == 0:
        return None
    try:
        entry = pwd.getpwuid(int(told))
    except KeyError:
        return User(int(told), NOBODY)
    return User(entry.pw_uid, entry.pw_gid, tuple(os.getgrouplist(entry.pw_name, entry.pw_gid)))


def nobody() -> User:
    """The user who may do nothing."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return User(NOBODY, NOBODY)
    return User(entry.pw_uid, entry.pw_gid)


def become(user: User, keep: tuple[int, ...] = ()) -> None:
    """Become a user for good, with these capabilities at most, which a program that is started inherits.

    Raises:
        OSError: it is not allowed.
    """
    if keep:
        _prctl(_KEEPCAPS, 1)
    os.setgroups(user.groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)
    if keep:
        _set_capabilities(keep)
        for capability in keep:
            _prctl(_AMBIENT, _AMBIENT_RAISE, capability)


def confine(keep: tuple[int, ...] = ()) -> None:
    """Give up every capability but these, also those that root gets by starting a program, and what setuid bits and file capabilities would give."""
    if sys.platform != "linux":
        return
    for capability in range(_LAST_CAPABILITY + 1):
        if capability not in keep:
            _try_prctl(_CAPBSET_DROP, capability)
    _set_capabilities(keep)
    _try_prctl(_NO_NEW_PRIVS, 1)


def die_with_parent() -> None:
    """Be ended when the process that started us is, however it ends (Linux)."""
    if sys.platform == "linux":
        _try_prctl(_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, second: int, third: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, *(ctypes.c_ulong(value) for value in (second, third, 0, 0))):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _try_prctl(option: int, second: int) -> None:
    try:
        _prctl(option, second)
    except OSError:
        return


def _set_capabilities(keep: tuple[int, ...]) -> None:
    """Effective, permitted and inheritable (capset(2)); what we do not have cannot be kept."""
    libc = ctypes.CDLL(None, use_errno=True)
    words = [sum(1 << c - 32 * word for c in keep if 32 * word <= c < 32 * word + 32) for word in (0, 1)]
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)(*(value for word in words for value in (word, word, word))))
