"""The shape of the house: same rooms in every service, files and functions that fit a head, nothing private inside."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from thaman_contracts.subjects import ROOMS, SERVICES

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "contracts/src", ROOT / "kit/src", ROOT / "sandbox/src", ROOT / "cli/src"]
PACKAGES += [ROOT / f"services/{room}/src" for room in ROOMS]
SOURCES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
FILES = {"settings.py", "errors.py", "bootstrap.py", "consumers.py", "worker.py", "__main__.py"}
PUBLISHING = {"publication.py", "relay.py"}

MAX_FILE = 500
MAX_MEDIAN_FILE = 150
MAX_FUNCTION = 60
MAX_P90_FUNCTION = 30


def tracked_texts() -> Iterator[tuple[str, str]]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listing.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in {".png", ".lock", ".woff2", ".xz"}:
            yield name, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_the_same_files_and_only_who_publishes_those_for_it(room: str) -> None:
    package = ROOT / f"services/{room}/src/thaman_{room}"
    names = {entry.name for entry in package.iterdir()}
    assert names >= FILES, f"missing: {FILES - names}"
    assert names & PUBLISHING == (PUBLISHING if room in SERVICES else set())
    assert names & {"api.py", "api"}, "no api"
    assert names & {"application.py", "application"}, "no application"
    assert {"domain", "adapters", "migrations"} <= names


def test_files_are_small() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert not {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MAX_FILE}
    assert median(n for n in lengths.values() if n > 1) <= MAX_MEDIAN_FILE


def functions() -> Iterator[tuple[str, int]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                documented = ast.get_docstring(node, clean=False)
                yield (
                    f"{path.relative_to(ROOT)}:{node.name}",
                    length - (documented.count("\n") + 1 if documented else 0),
                )


def test_functions_fit_a_screen() -> None:
    lengths = dict(functions())
    assert not {name: n for name, n in lengths.items() if n > MAX_FUNCTION}
    ordered = sorted(lengths.values())
    assert ordered[len(ordered) * 9 // 10] <= MAX_P90_FUNCTION


@pytest.mark.parametrize("package", ["contracts", "kit"])
def test_the_public_is_documented(package: str) -> None:
    bare = []
    for path in (ROOT / package / "src").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if tree.body and not ast.get_docstring(tree):
            bare.append(str(path.relative_to(ROOT)))
        for node in ast.walk(tree):
            public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
            if public and not ast.get_docstring(node) and not _is_inner(tree, node):
                bare.append(f"{path.relative_to(ROOT)}:{node.name}")
    assert bare == []


def _is_inner(tree: ast.Module, node: ast.AST) -> bool:
    """Whether a definition is inside a function or a private class, where nobody reads docs."""
    return any(child is node for parent in ast.walk(tree) if _hides(parent) for child in ast.iter_child_nodes(parent))


def _hides(parent: ast.AST) -> bool:
    private_class = isinstance(parent, ast.ClassDef) and parent.name.startswith("_")
    return private_class or isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef)


def test_nothing_of_the_workplace_or_secret_is_in_the_project() -> None:
    found = []
    patterns = {
        "a machine's path": re.compile(r"(?<![\w.])/(work|farm)/"),
        "a token of Salla": re.compile(r"ory_[ar]t_[A-Za-z0-9_-]{20,}"),
        "an API key": re.compile(r"thk_live_[A-Za-z0-9]{30,}"),
        "a private key": re.compile(r"BEGIN [A-Z ]*PRIVATE KEY"),
    }
    for name, text in tracked_texts():
        found += [f"{name}: {what}" for what, pattern in patterns.items() if pattern.search(text)]
    assert [entry for entry in found if not entry.startswith("tests/architecture/")] == []


def test_no_unfinished_business() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert [str(path.relative_to(ROOT)) for path in SOURCES if words.search(path.read_text(encoding="utf-8"))] == []
