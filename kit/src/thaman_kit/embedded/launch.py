"""Becomes another program, but not before it is sure to end with its parent.

Run as ``python -I -S launch.py <parent pid> <signal> <uid>:<gid>|- <program> [arguments]``. A script of its own,
because code between fork and exec is unsafe in a process with threads, and because a change of user clears what the
kernel was told about the parent's death, so the order matters.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Drop privileges, ask to be signalled when the parent ends, then exec."""
    parent, signal_number, owner, program = int(arguments[0]), int(arguments[1]), arguments[2], arguments[3]
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
    if owner != "-":
        uid, gid = (int(part) for part in owner.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if prctl is not None and prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("the parent ended before the server began")
    os.execv(program, arguments[3:])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
