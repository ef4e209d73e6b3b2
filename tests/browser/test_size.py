"""The pages on a publication of full size: 60 months, 24 members, every indicator in all its dimensions.

Measured in processor time of the server, which a busy computer does not change much. How long it takes by the
clock, and 1,000 interactions, are measured by `python -m tests.benchmarks.pages`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.benchmarks.pages import (
    ALONE_MS,
    MOST_MB,
    TOGETHER_MS,
    Visitor,
    choices,
    connect,
    enlarge,
    memory_mb,
    p95_ms,
    process_of,
    processor_seconds,
    together,
)
from tests.browser.conftest import Server, running_server
from tests.publication_fixture import write_publication

pytestmark = pytest.mark.browser

MONTHS, FIGURES = 60, 4_980_000
INTERACTIONS, SESSIONS, CORES = 40, 25, 2


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, psutil.Process]]:
    home: Path = tmp_path_factory.mktemp("large")
    write_publication(home)
    (file,) = (home / "published" / "secretariat").glob("*.duckdb")
    assert enlarge(file, MONTHS) == FIGURES
    with running_server(home, "secretariat") as server:
        yield server, process_of(server)


def run(work: Coroutine[Any, Any, list[float]]) -> list[float]:
    """In a thread of its own: Playwright keeps a loop running in that of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@pytest.mark.timeout(300)
def test_an_interaction_costs_less_than_half_a_second(large: tuple[Server, psutil.Process]) -> None:
    server, process = large

    async def costs() -> list[float]:
        draw, costs = random.Random(20260420), []
        async with connect(server.url) as socket:
            visitor = Visitor(socket)
            for _ in range(INTERACTIONS + 5):
                before = processor_seconds(process)
                await visitor.run(*choices(draw))
                costs.append(processor_seconds(process) - before)
        return costs[5:]

    found = run(costs())
    print(f"{len(found)} interactions: p95 {p95_ms(found):.0f} ms of processor time")
    assert p95_ms(found) < ALONE_MS


@pytest.mark.timeout(300)
def test_what_25_visitors_ask_at_once_is_2_seconds_of_work_for_two_cores(
    large: tuple[Server, psutil.Process],
) -> None:
    server, process = large
    before = processor_seconds(process)
    answered = run(together(server.url, SESSIONS, 1))
    taken = (processor_seconds(process) - before) / 2  # each has opened a first page too
    print(f"{SESSIONS} visitors: {taken:.1f} s of processor time, {memory_mb(process):.0f} MB")
    assert len(answered) == SESSIONS
    assert taken / CORES < TOGETHER_MS / 1000
    assert memory_mb(process) < MOST_MB
