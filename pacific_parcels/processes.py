"""Two processes for arithmetic: what Python does in one keeps one core busy, and servers have two.

    with Processes() as processes:
        results = processes.map(function, jobs)

Functions, jobs and results are ours, and cross over as pickles; nothing that a member sent is read there. The
processes start with the first jobs, and end with the block or with the process that started them, however
that ends: their orders are then at an end.
"""

from __future__ import annotations

import os
import pickle  # nosec B403
import subprocess  # nosec B404
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from pacific_parcels.errors import PacificParcelsError

COUNT = 2

Job = TypeVar("Job")
Result = TypeVar("Result")


class Processes:
    """A context manager: the processes end with the block."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._started:
            process.kill()  # it holds nothing: what it found is here
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def map(self, function: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
        """function(job) of each, in the order of the jobs; the function is one that its module names.

        Errors: those of the function; PacificParcelsError when a process ends before it has answered.
        """
        jobs = list(jobs)
        while len(self._started) < min(COUNT, len(jobs)):
            self._started.append(self._start())
        waiting: SimpleQueue[int] = SimpleQueue()
        for number in range(len(jobs)):
            waiting.put(number)
        results: dict[int, Result] = {}

        def work(process: subprocess.Popen[bytes]) -> None:
            while True:
                try:
                    number = waiting.get_nowait()
                except Empty:
                    return
                results[number] = _answer(process, function, jobs[number])

        with ThreadPoolExecutor(COUNT) as threads:
            for done in [threads.submit(work, process) for process in self._started]:
                done.result()
        return [results[number] for number in range(len(jobs))]

    def _start(self) -> subprocess.Popen[bytes]:
        folders = [folder or os.getcwd() for folder in sys.path]
        return subprocess.Popen(  # nosec B603
            # Our own program, and no shell.
            [sys.executable, "-P", "-m", "pacific_parcels.processes"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
            start_new_session=True,  # Ctrl+C is for the parent, which ends it
        )


def _answer(process: subprocess.Popen[bytes], function: Callable[[Job], Result], job: Job) -> Result:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pickle.dump((function, job), process.stdin, pickle.HIGHEST_PROTOCOL)
        process.stdin.flush()
        # Both ends are ours.
        error, result = pickle.load(process.stdout)  # nosec B301
    except (OSError, EOFError) as ended:
        code = process.wait()
        raise PacificParcelsError(
            f"a process that worked out figures ended (exit code {code}); expected its answer; "
            "where memory is short, give this machine more, and run again"
        ) from ended
    if error is not None:
        raise error
    answer: Result = result
    return answer


def _serve() -> None:
    orders, way_back = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    while True:
        try:
            function, job = pickle.load(orders)  # nosec B301
        except EOFError:
            return
        answer: tuple[Exception | None, Any] = (None, None)
        try:
            answer = (None, function(job))
        except Exception as error:  # whatever it is, it is raised where the answer is waited for
            answer = (error, None)
        pickle.dump(answer, way_back, pickle.HIGHEST_PROTOCOL)
        way_back.flush()


if __name__ == "__main__":
    _serve()
