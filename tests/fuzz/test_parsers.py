"""Whatever is sent to a parser becomes a value or an error that it foresees, and nothing else.

`make fuzz` tries more of it.
"""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import bodies
from tests.fuzz.parsers import PARSERS, Parser

Run: TypeAlias = Callable[[Coroutine[Any, Any, object]], object]

_CORPUS = Path(__file__).parent / "corpus"
_FILES = sorted(_CORPUS.glob("*/*"))

# Blanks that every document may end with: one that was remembered would tell.
_BLANKS = b" " * 30_000
_ROUNDS = 4

each_parser = pytest.mark.parametrize("parser", PARSERS, ids=repr)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """One event loop for all: what is drawn may not be drawn within it."""
    with asyncio.Runner() as runner:
        yield runner.run


@each_parser
def test_valid_documents_are_read(parser: Parser, run: Run) -> None:
    for document in parser.documents:
        assert run(parser.read(document)), document


@each_parser
@settings(max_examples=settings().max_examples // 2)
@given(data=st.data())
def test_whatever_comes_is_a_value_or_a_foreseen_error(
    parser: Parser, run: Run, data: st.DataObject
) -> None:
    run(parser.read(data.draw(bodies(parser.documents))))


@pytest.mark.parametrize("file", _FILES, ids=lambda one: f"{one.parent.name}-{one.stem}")
def test_what_once_was_not_foreseen_is(file: Path, run: Run) -> None:
    (parser,) = (one for one in PARSERS if one.name == file.parent.name)

    run(parser.read(file.read_bytes()))


@each_parser
def test_nothing_stays_behind(parser: Parser) -> None:
    odd = [file.read_bytes() for file in _FILES if file.parent.name == parser.name]

    async def read_all() -> None:
        for document in (*parser.documents, *odd):
            await parser.read(document + _BLANKS)

    def remembered(rounds: int) -> int:
        for _ in range(rounds):
            asyncio.run(read_all())  # a loop remembers its timers for a while
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = remembered(1)
        assert remembered(_ROUNDS) - before < _ROUNDS * len(_BLANKS) // 2
    finally:
        tracemalloc.stop()
