"""Whatever is sent to a parser becomes a value or an error that it foresees, and nothing else.

`make fuzz` tries more of it.
"""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import bodies
from tests.fuzz.parsers import PARSERS, Parser
from tests.fuzz.patience import Endless, patience

Run: TypeAlias = Callable[[Coroutine[Any, Any, object]], object]

_CORPUS = Path(__file__).parent / "corpus"
_FILES = sorted(_CORPUS.glob("*/*"))

# Of the blanks that every document may end with: were one document remembered, they would tell.
_BLANKS = 30_000
_ROUNDS = 4

each_parser = pytest.mark.parametrize("parser", PARSERS, ids=repr)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """One event loop for all: what is drawn may not be drawn within it."""
    with asyncio.Runner() as runner:
        yield runner.run


async def _read(parser: Parser, document: bytes) -> object:
    with patience(document):
        return await parser.read(document)


@each_parser
def test_valid_documents_are_read(parser: Parser, run: Run) -> None:
    for document in parser.documents:
        assert run(_read(parser, document)), document


@each_parser
@settings(max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_whatever_comes_is_a_value_or_a_foreseen_error(
    parser: Parser, run: Run, data: st.DataObject
) -> None:
    run(_read(parser, data.draw(bodies(parser.documents))))


@pytest.mark.parametrize("file", _FILES, ids=lambda one: f"{one.parent.name}-{one.stem}")
def test_what_once_was_not_foreseen_is(file: Path, run: Run) -> None:
    (parser,) = (one for one in PARSERS if one.name == file.parent.name)

    run(_read(parser, file.read_bytes()))


@pytest.mark.parametrize("waits", [False, True], ids=["loops", "waits"])
def test_a_parser_that_does_not_end_is_told_with_what_it_read(waits: bool, run: Run) -> None:
    async def read() -> None:
        with patience(b"[1]", seconds=0.01):
            while True:
                if waits:
                    await asyncio.Event().wait()

    with pytest.raises(Endless, match=r"\[1\]"):
        run(read())


def _remembered(parser: Parser, documents: Sequence[bytes]) -> int:
    """How much memory stays behind when it reads them again and again, never quite the same."""
    blanks = count(_BLANKS)

    async def read_all() -> None:
        for document in documents:
            await _read(parser, document + b" " * next(blanks))

    def traced(rounds: int) -> int:
        for _ in range(rounds):
            asyncio.run(read_all())  # a loop remembers its timers for a while
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = traced(1)
        return traced(_ROUNDS) - before
    finally:
        tracemalloc.stop()


@each_parser
def test_nothing_stays_behind(parser: Parser) -> None:
    odd = [file.read_bytes() for file in _FILES if file.parent.name == parser.name]

    assert _remembered(parser, [*parser.documents, *odd]) < _ROUNDS * _BLANKS // 2


def test_a_parser_that_remembers_each_document_is_found_out() -> None:
    read: dict[bytes, object] = {}

    async def remember(document: bytes) -> object:
        return read.setdefault(document, None)

    assert _remembered(Parser("remembering", (), remember), [b"[1]"]) > _ROUNDS * _BLANKS
