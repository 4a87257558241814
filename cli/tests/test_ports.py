"""Ports: the preferred one if free, another one if not, and never one for two."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from thaman_cli.ports import HOST, PortBook, is_free


@pytest.fixture
def book(tmp_path: Path) -> Iterator[PortBook]:
    made = PortBook(tmp_path)
    yield made
    made.close()


def test_a_taken_port_is_passed_over(book: PortBook) -> None:
    preferred = book.take(28_000)
    book.close()
    with socket.socket() as other:
        other.bind((HOST, preferred))
        other.listen()
        assert not is_free(preferred)
        assert book.take(preferred) > preferred


def test_no_port_is_given_twice(book: PortBook) -> None:
    given = [book.take(28_001) for _ in range(5)]
    assert len(set(given)) == 5
    assert all(port < 32_768 for port in given)


def test_two_books_share_no_port_until_one_is_closed(book: PortBook, tmp_path: Path) -> None:
    mine = book.take(28_002)
    other = PortBook(tmp_path)
    assert other.take(mine) != mine
    book.close()
    assert other.take(mine) == mine
    other.close()
