"""The kinds of places that extracts lie at, behind one face: a folder, SFTP, an S3-compatible object store.

The clients are those of Airflow's providers. Where one of them fails, `Unavailable` says what was found, what
was expected and what to do, and never a secret. They are imported only when a member has such a source.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pacific_parcels.errors import Unavailable
from pacific_parcels.members import FolderSource, HttpsSource, Member, S3Source, SftpSource
from pacific_parcels.settings import Settings

RECEIPTS = "receipts"
CONNECT_SECONDS, SILENCE_SECONDS = 20, 60
CHUNK_BYTES = 1 << 20
# What is asked for at once: quick over a long line. paramiko may keep what it asked ahead until the file is
# closed, so it is opened anew for each of these.
AHEAD_BYTES = 8 << 20
REQUEST_BYTES = 32 << 10  # one answer of an SFTP server: what came is kept, answer by answer


@dataclass(frozen=True)
class Found:
    """A file as a listing shows it. The version changes whenever the content may have changed."""

    name: str
    path: str
    byte_count: int
    modified: float | None
    version: str

    @property
    def key(self) -> str:
        """The path as text: a name in the letters of another code page is no text as it stands."""
        return self.path.encode("utf-8", "backslashreplace").decode()

    @property
    def identity(self) -> str:
        return f"{self.byte_count}|{self.version}"

    @property
    def md5(self) -> str | None:
        """What an object store calls an ETag, where that is the MD5 of the bytes."""
        is_md5 = len(self.version) == 32 and not set(self.version) - set("0123456789abcdef")
        return self.version if is_md5 else None


class Place(Protocol):
    """A folder at a source, as long as the connection to it is open."""

    may_hold_unfinished: bool

    def listing(self) -> list[Found]: ...

    def chunks(self, found: Found, offset: int) -> Iterator[bytes]:
        """The bytes from an offset on. Errors: Changed, Unreadable."""

    def is_unchanged(self, found: Found) -> bool: ...

    def put_receipt(self, name: str, content: bytes) -> None: ...


class Changed(Exception):
    """The file is another one by now, or gone: it is taken at a later look."""


class Unreadable(Exception):
    """The source keeps this file from us: the others come all the same."""


def place_of(member: Member) -> AbstractContextManager[Place]:
    source = member.source
    if isinstance(source, SftpSource):
        return _sftp(member.code, source)
    if isinstance(source, S3Source):
        return _s3(member.code, source)
    assert isinstance(source, FolderSource)
    return _folder(member.code, Path(source.path))


def receipts_place(settings: Settings, member: Member) -> AbstractContextManager[Place]:
    if member.source is None or isinstance(member.source, HttpsSource):
        return _folder(member.code, settings.inbox / member.code.lower())
    return place_of(member)


def connection_of(member_code: str, name: str) -> Any:
    """The connection of Airflow. Errors: Unavailable when it is not defined, or not as it has to be."""
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return BaseHook.get_connection(name)
    except AirflowNotFoundException as error:
        raise Unavailable(
            f"{member_code}, connection {name}: it is not defined; expected a connection of Airflow; define "
            f"AIRFLOW_CONN_{name.upper()} or add it under Admin, Connections"
        ) from error
    except ValueError as error:  # its text may hold the secret
        raise Unavailable(wrongly_defined(member_code, name)) from error


def wrongly_defined(member_code: str, name: str) -> str:
    return (
        f"{member_code}, connection {name}: it cannot be understood; expected a connection as the "
        "documentation of its Airflow provider describes it; mend its definition"
    )


def _opened(open_file: Callable[[], Any]) -> Any:
    try:
        return open_file()
    except FileNotFoundError as error:
        raise Changed from error
    except PermissionError as error:
        raise Unreadable from error


class Folder:
    may_hold_unfinished = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def listing(self) -> list[Found]:
        founds = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    founds.append(self._found(entry.name, status))
        return founds

    def _found(self, name: str, status: os.stat_result) -> Found:
        text = os.fsencode(name).decode("utf-8", "replace")
        return Found(text, name, status.st_size, status.st_mtime, str(status.st_mtime_ns))

    def chunks(self, found: Found, offset: int) -> Iterator[bytes]:
        with _opened(lambda: (self.path / found.path).open("rb")) as file:
            file.seek(offset)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def is_unchanged(self, found: Found) -> bool:
        try:
            status = (self.path / found.path).lstat()
        except FileNotFoundError:
            return False
        return self._found(found.path, status).identity == found.identity

    def put_receipt(self, name: str, content: bytes) -> None:
        folder = self.path / RECEIPTS
        folder.mkdir(exist_ok=True)
        scratch = folder / f".{hashlib.sha256(name.encode()).hexdigest()[:32]}.part"
        scratch.write_bytes(content)
        scratch.replace(folder / name)


@contextmanager
def _folder(member_code: str, path: Path) -> Iterator[Place]:
    try:
        yield Folder(path)
    except OSError as error:
        raise Unavailable(
            f"{member_code}, {path}: {error.strerror or error}; expected a folder that can be read, and "
            f"{RECEIPTS}/ in it that can be written; mend it, or wait: it is tried again"
        ) from error


class Sftp:
    may_hold_unfinished = True

    def __init__(self, client: Any, path: str) -> None:
        self.client = client
        self.path = path.rstrip("/")
        self.has_receipts = False

    def listing(self) -> list[Found]:
        return [
            self._found(attributes.filename, attributes)
            for attributes in self.client.listdir_attr(self.path or "/")
            if stat.S_ISREG(attributes.st_mode or 0)
        ]

    def _found(self, name: str, attributes: Any) -> Found:
        modified = attributes.st_mtime
        return Found(name, f"{self.path}/{name}", attributes.st_size or 0, modified, str(modified))

    def chunks(self, found: Found, offset: int) -> Iterator[bytes]:
        # Never beyond what was listed: of a file that has grown meanwhile, the last look tells.
        while offset < found.byte_count:
            end = min(offset + AHEAD_BYTES, found.byte_count)
            with _opened(lambda: self.client.open(found.path, "rb")) as file:
                file.seek(offset)
                _ask_ahead(file, end)
                while offset < end and (chunk := file.read(min(end - offset, REQUEST_BYTES))):
                    offset += len(chunk)
                    yield chunk
            if offset < end:
                return

    def is_unchanged(self, found: Found) -> bool:
        try:
            attributes = self.client.lstat(found.path)
        except FileNotFoundError:
            return False
        return self._found(found.name, attributes).identity == found.identity

    def put_receipt(self, name: str, content: bytes) -> None:
        folder = f"{self.path}/{RECEIPTS}"
        if not self.has_receipts:
            try:
                self.client.stat(folder)
            except FileNotFoundError:
                self.client.mkdir(folder)
            self.has_receipts = True
        with self.client.open(f"{folder}/{name}", "wb") as file:
            file.write(content)


def _ask_ahead(file: Any, end: int) -> None:
    """Ask for everything up to a byte, and read the first answer after the last question.

    paramiko asks in a thread. Where that is slower than the answers, it takes what was asked so far for all
    that there is to come, asks for the rest once more, and waits for the second answer behind the first: the
    bytes cross the line twice, and a line that breaks loses them.
    """
    before = set(threading.enumerate())
    file.prefetch(end)
    for thread in set(threading.enumerate()) - before:
        if "_prefetch_thread" in thread.name:
            thread.join(SILENCE_SECONDS)


@contextmanager
def _sftp(member_code: str, source: SftpSource) -> Iterator[Place]:
    import paramiko
    from airflow.providers.sftp.hooks.sftp import SFTPHook
    from airflow.sdk.exceptions import AirflowException

    where = f"{member_code}, sftp {source.connection}:{source.path}"
    connection_of(member_code, source.connection)
    try:
        # Airflow tries the task again, and later: not the hook as well.
        hook = SFTPHook(ssh_conn_id=source.connection, conn_retry_attempts=1)
    except (ValueError, AirflowException, paramiko.SSHException) as error:
        raise Unavailable(wrongly_defined(member_code, source.connection)) from error
    hook.conn_timeout = hook.conn_timeout or CONNECT_SECONDS
    try:
        with hook.get_managed_conn() as client:
            client.get_channel().settimeout(SILENCE_SECONDS)
            yield Sftp(client, source.path)
    except paramiko.AuthenticationException as error:
        raise Unavailable(
            f"{where}: the server does not let {hook.username} in; expected the login, and the key or "
            "password, that the administration gave us; mend the connection"
        ) from error
    except paramiko.BadHostKeyException as error:
        raise Unavailable(
            f"{where}: the server shows another host key than before; expected the one that is known; ask "
            "the administration by another way whether it changed it, and put the new one under host_key in "
            "the extra of the connection"
        ) from error
    except FileNotFoundError as error:
        raise Unavailable(
            f"{where}: no such folder or file; expected what the member file names under source.path; mend "
            "it, or ask the administration for the folder"
        ) from error
    except PermissionError as error:
        raise Unavailable(
            f"{where}: permission denied; expected a folder that can be read, and {RECEIPTS}/ in it that "
            "can be written; ask the administration for these rights"
        ) from error
    except UnicodeDecodeError as error:
        raise Unavailable(
            f"{where}: the name of a file there is not in UTF-8; expected names that can be read; ask the "
            "administration to rename it"
        ) from error
    except (OSError, EOFError, paramiko.SSHException) as error:
        if "not found in known_hosts" in str(error):
            raise Unavailable(
                f"{where}: the host key of the server is not known; expected it under host_key in the extra "
                "of the connection; ask the administration for it, and put it there"
            ) from error
        raise Unavailable(
            f"{where}: {error or type(error).__name__}; expected a server that answers; it is tried again"
        ) from error


class S3:
    may_hold_unfinished = False  # an object is there whole or not at all

    def __init__(self, client: Any, bucket: str, path: str) -> None:
        self.client = client
        self.bucket = bucket
        self.prefix = f"{path.rstrip('/')}/" if path else ""

    def listing(self) -> list[Found]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
        )
        return [
            Found(
                name=item["Key"].removeprefix(self.prefix),
                path=item["Key"],
                byte_count=item["Size"],
                modified=item["LastModified"].timestamp(),
                version=item["ETag"].strip('"'),
            )
            for page in pages
            for item in page.get("Contents", [])
            if item["Key"] != self.prefix
        ]

    def chunks(self, found: Found, offset: int) -> Iterator[bytes]:
        from botocore.exceptions import ClientError

        try:
            answer = self.client.get_object(
                Bucket=self.bucket, Key=found.path, IfMatch=f'"{found.version}"', Range=f"bytes={offset}-"
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 412, 416):
                raise Changed from error
            raise
        yield from answer["Body"].iter_chunks(CHUNK_BYTES)

    def is_unchanged(self, found: Found) -> bool:
        return True  # every byte was asked for with its ETag

    def put_receipt(self, name: str, content: bytes) -> None:
        kind = "text/html; charset=utf-8" if name.endswith(".html") else "application/json"
        key = f"{self.prefix}{RECEIPTS}/{name}"
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=kind)


@contextmanager
def _s3(member_code: str, source: S3Source) -> Iterator[Place]:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from airflow.sdk.exceptions import AirflowException
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    where = f"{member_code}, s3 {source.connection}:{source.bucket}/{source.path}"
    connection_of(member_code, source.connection)
    try:
        client = S3Hook(aws_conn_id=source.connection).get_conn()
    except (ValueError, AirflowException, BotoCoreError) as error:
        raise Unavailable(wrongly_defined(member_code, source.connection)) from error
    try:
        yield S3(client, source.bucket, source.path)
    except NoCredentialsError as error:
        raise Unavailable(wrongly_defined(member_code, source.connection)) from error
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500 or code in ("SlowDown", "Throttling"):
            advice = "expected a store that answers; it is tried again"
        elif code in ("NoSuchBucket", "404"):
            advice = "expected the bucket that the member file names under source.bucket; mend it"
        else:
            advice = (
                f"expected keys that may list and read the bucket and write to {RECEIPTS}/; mend the "
                "connection, or ask the owner of the bucket for these rights"
            )
        raise Unavailable(f"{where}: {code}; {advice}") from error
    except (BotoCoreError, OSError) as error:
        raise Unavailable(f"{where}: {error}; expected a store that answers; it is tried again") from error
