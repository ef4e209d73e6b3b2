"""A process that has imported all that a reader of files needs, and forks a child whenever one is wanted.

    this process  Zygote.fork()  ──  one byte, the pipes of the child  ▸  python -m <module> zygote  ▸  child
                                 ◂  a handle (pidfd), then how it ended  ──

To start Python and import costs half a second of processor time, to fork some milliseconds. The zygote is
started with the first child. It is told nothing but that a child is wanted: what the child is for comes
through the child's own pipe. So it has read no file of a member, and no child has a trace of another: each
begins as the zygote is, and is left no descriptor but its own two pipes and the place for messages.

Nothing of it outlives the process that started it, however that ends: the zygote ends at the end of a socket
that no other process holds (one that was forked lets go of it, and starts a zygote of its own), or where it
finds that it has another parent; its children are killed by the system when it ends. It is not tied to the
thread that started it, as a child of our own is: pages open sandboxes in threads that do not last.

Only on Linux, and only where nothing that is imported starts a thread: a process that has several cannot be
forked safely. Elsewhere `fork` gives None.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import select
import signal
import socket
import subprocess  # nosec B404
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, NoReturn

START_SECONDS = 120
SECONDS_TO_TELL = 5  # how a child ended, once it has
SECONDS_TO_END = 5
LOOKS_FOR_PARENT_EVERY_MS = 1000
LOST = 1  # the exit code of a child of which nobody can tell how it ended
CHILD_WANTED, READY, FORKED, NOT_POSSIBLE = b"c", b"r", b"f", b"n"
# Some libraries of arithmetic start threads when they are imported, unless told not to.
WITHOUT_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class _Gone(Exception):
    """The zygote has died, or does not answer."""


class Forked:
    """A child of the zygote; like a subprocess.Popen, of one thread at a time."""

    def __init__(self, stdin: IO[bytes], stdout: IO[bytes], handle: int, fate: socket.socket) -> None:
        self.stdin, self.stdout = stdin, stdout
        self.returncode: int | None = None
        self._handle, self._fate = handle, fate

    def kill(self) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, -9 for signal 9. Errors: subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not _has_news(self._handle, timeout):
                raise subprocess.TimeoutExpired("a child of the zygote", timeout or 0)
            told = b""
            if _has_news(self._fate.fileno(), SECONDS_TO_TELL):
                with suppress(OSError):
                    told = self._fate.recv(4)
            self.returncode = int.from_bytes(told, "big", signed=True) if told else LOST
            self._fate.close()
            os.close(self._handle)
        return self.returncode


class Zygote:
    """The zygote of this process, which is started when it is first asked for a child. Any thread may ask."""

    def __init__(self, module: str, environment: Callable[[], Mapping[str, str]]) -> None:
        """`module` runs `serve` when it is started with the word zygote, the pid of its parent and a number.

        `environment` is what it is started with.
        """
        self._module, self._environment = module, environment
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_possible = _has_handles()
        if sys.platform != "win32":
            os.register_at_fork(after_in_child=self._forget)
        atexit.register(self.end)

    def fork(self) -> Forked | None:
        """A new child. None where it has to be started in another way."""
        for _ in range(2):
            control = self.start()
            if control is None:
                return None
            try:
                return _ask_for_child(control)
            except _Gone:
                self._let_go(control)
        return None

    def start(self) -> socket.socket | None:
        """Start it unless it runs: the socket on which a child is asked for. None where there can be none."""
        with self._lock:
            if self._control is None and self._is_possible:
                self._start()
            return self._control

    def end(self) -> None:
        with self._lock:
            self._end()

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            # No shell. -P: a file in the working directory must not stand in for a module.
            command = [sys.executable, "-P", "-m", self._module, "zygote", str(os.getpid()), str(number)]
            self._process = subprocess.Popen(  # nosec B603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**self._environment(), **WITHOUT_THREADS},
                pass_fds=(number,),
                start_new_session=True,  # Ctrl+C is for this process
            )
        self._control = ours
        said = b""
        if _has_news(ours.fileno(), START_SECONDS):
            with suppress(OSError):
                said = ours.recv(1)
        if said != READY:
            self._is_possible = False
            self._end()

    def _let_go(self, control: socket.socket) -> None:
        """End a zygote that does not answer, unless another thread has done so."""
        with self._lock:
            if self._control is control:
                self._end()

    def _end(self) -> None:
        process, control = self._process, self._control
        self._process = self._control = None
        if control is not None:
            control.close()
        if process is not None:
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _forget(self) -> None:
        """In a process that was forked: what was started is another's."""
        self._lock = threading.Lock()
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.returncode = 0  # nothing to wait for
        self._process = self._control = None


def _has_handles() -> bool:
    """Whether the system has handles of processes: an old one has none, and a container may forbid them."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


def _ask_for_child(control: socket.socket) -> Forked | None:
    """A new child; None where the zygote can have none. Errors: _Gone.

    One message, whole or not at all, and an answer on a socket of this child alone: no thread waits for
    another, and one that breaks off leaves nothing in disorder.
    """
    fate, their_fate = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    their_stdin, stdin = os.pipe()
    stdout, their_stdout = os.pipe()
    writing, reading = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb")
    handles: list[int] = []
    try:
        try:
            socket.send_fds(control, [CHILD_WANTED], [their_stdin, their_stdout, their_fate.fileno()])
        finally:
            their_fate.close()
            os.close(their_stdin)
            os.close(their_stdout)
        if not _has_news(fate.fileno(), START_SECONDS):
            raise _Gone
        said, handles, _, _ = socket.recv_fds(fate, 1, 1, socket.MSG_CMSG_CLOEXEC)
        if not said:
            raise _Gone
    except OSError as error:
        raise _Gone from error
    finally:
        if not handles:
            for end in (writing, reading, fate):
                end.close()
    return Forked(writing, reading, handles[0], fate) if handles else None


def _has_news(descriptor: int, seconds: float | None) -> bool:
    """Whether something can be read there within that time: for a process, whether it has ended."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))


def serve(parent: int, number: int, run: Callable[[int], None], prepare: Callable[[], None]) -> NoReturn:
    """The zygote: fork a child whenever one is wanted, and tell how it ended, until the parent is gone.

    A child runs `run` with the pid of the zygote, which ends it where the zygote ends. `number` is that of
    the socket. `prepare` imports what not every child needs: before the second one, since many parents want
    no more than one.
    """
    try:
        _fork_on_demand(parent, socket.socket(fileno=number), run, prepare)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)  # at once, and with it its children: nothing is left to be put away


def _fork_on_demand(
    parent: int, control: socket.socket, run: Callable[[int], None], prepare: Callable[[], None]
) -> None:
    for name in ("SIGINT", "SIGTERM"):  # these are for the parent
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    control.send(READY)
    count = 0
    children: dict[int, tuple[int, socket.socket]] = {}
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while os.getppid() == parent:
        for descriptor, _ in poll.poll(LOOKS_FOR_PARENT_EVERY_MS):
            if descriptor in children:
                poll.unregister(descriptor)
                _tell_how_it_ended(descriptor, *children.pop(descriptor))
                continue
            try:
                asked, descriptors, _, _ = socket.recv_fds(control, 1, 3)
            except OSError:
                return
            if not asked:
                return
            stdin, stdout, fate_number = descriptors
            fate = socket.socket(fileno=fate_number)
            count += 1
            if count == 2:
                prepare()
                gc.collect()
                gc.freeze()  # what is there stays, and no child need look at it
            try:
                pid = _fork(stdin, stdout, run)
            except OSError:  # no more processes, or this one cannot be forked safely
                with fate, suppress(OSError):
                    fate.send(NOT_POSSIBLE)
                continue
            finally:
                os.close(stdin)
                os.close(stdout)
            handle = os.pidfd_open(pid)
            children[handle] = pid, fate
            poll.register(handle, select.POLLIN)
            with suppress(OSError):  # whoever asked is gone, and the child will find its pipe at its end
                socket.send_fds(fate, [FORKED], [handle])


def _fork(stdin: int, stdout: int, run: Callable[[int], None]) -> int:
    """The pid of a new child. Errors: OSError."""
    if len(os.listdir("/proc/self/task")) > 1:
        raise OSError(errno.ENOTSUP, "a process with several threads cannot be forked safely")
    zygote = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.setsid()
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # the sockets, and what is of other children
        run(zygote)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _tell_how_it_ended(handle: int, pid: int, fate: socket.socket) -> None:
    _, status = os.waitpid(pid, 0)
    os.close(handle)
    with fate, suppress(OSError):  # nobody wants to know
        fate.send(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
