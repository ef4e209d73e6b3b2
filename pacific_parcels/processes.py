"""Two processes beside this one: what Python does in one keeps one core busy, and servers have two.

    with Processes() as processes:
        results = processes.map(function, jobs)
        later = processes.submit(function, job)

Functions, jobs and results are ours, and cross over as pickles; what a member sent is opened in a sandbox
there too. The processes start with the first jobs, and end with the block or with the process that started
them, however that ends, in the middle of their work.
"""

from __future__ import annotations

import os
import pickle  # nosec B403
import signal
import subprocess  # nosec B404
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from pacific_parcels.errors import PacificParcelsError

COUNT = 2
PR_SET_PDEATHSIG = 1

Job = TypeVar("Job")
Result = TypeVar("Result")


class Processes:
    """A context manager: the processes end with the block."""

    def __init__(self) -> None:
        # A thread for each process waits for its answers, and lives as long: with it the process would end.
        self._threads = ThreadPoolExecutor(COUNT)
        self._started: list[subprocess.Popen[bytes]] = []
        self._free: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._started:
            process.kill()  # it holds nothing: what it found is here
        self._threads.shutdown()
        for process in self._started:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def map(self, function: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
        """function(job) of each, in the order of the jobs; the function is one that its module names.

        Errors: those of the function; PacificParcelsError when a process ends before it has answered.
        """
        futures = [self.submit(function, job) for job in jobs]
        return [future.result() for future in futures]

    def submit(self, function: Callable[[Job], Result], job: Job) -> Future[Result]:
        """function(job), as soon as a process is free; what `map` raises is raised by the result."""
        return self._threads.submit(self._work, function, job)

    def _work(self, function: Callable[[Job], Result], job: Job) -> Result:
        try:
            process = self._free.get_nowait()
        except Empty:
            process = self._start()
            self._started.append(process)
            if self._is_over:  # since it began to start
                process.kill()
        answer: Result
        error, answer = _answer(process, function, job)
        self._free.put(process)
        if error is not None:
            raise error
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        folders = [folder or os.getcwd() for folder in sys.path]
        return subprocess.Popen(  # nosec B603
            # Our own program, and no shell.
            [sys.executable, "-P", "-m", "pacific_parcels.processes", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
            start_new_session=True,  # Ctrl+C is for the parent, which ends it
        )


def _answer(
    process: subprocess.Popen[bytes], function: Callable[[Job], Result], job: Job
) -> tuple[Exception | None, Any]:
    """An error or a result. PacificParcelsError: the process has ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pickle.dump((function, job), process.stdin, pickle.HIGHEST_PROTOCOL)
        process.stdin.flush()
        # Both ends are ours.
        answer: tuple[Exception | None, Any] = pickle.load(process.stdout)  # nosec B301
    except (OSError, EOFError) as ended:
        code = process.wait()
        raise PacificParcelsError(
            f"a process that worked for this one ended (exit code {code}); expected its answer; "
            "where memory is short, give this machine more, and run again"
        ) from ended
    return answer


def end_with_parent(parent: int) -> None:
    """Have the system end this process with its parent, whatever it is at then."""
    for name in ("SIGINT", "SIGTERM"):  # these are for the parent
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before it could be tied to
            os._exit(0)


def _serve(parent: int) -> None:
    end_with_parent(parent)
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
    _serve(int(sys.argv[1]))
