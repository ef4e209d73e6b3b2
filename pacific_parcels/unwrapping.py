"""Archives that extracts are sent in: .gz and .zip, told by their first bytes and never by their names.

Nothing that an archive says of itself is believed: what comes out is counted while it is inflated, in bounded
memory. An Excel workbook is a zip too and is left as it is; it may itself stand alone in an archive.
"""

from __future__ import annotations

import csv
import errno
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

from pacific_parcels.errors import ExtractError

CHUNK = 1 << 18
SHORT_CHUNK = 1 << 15
SMALL_MEMBER = 1 << 12
LARGEST_UNPACKED = 4 << 30
LARGEST_RATIO = 200
UNPACKED_IN_ANY_CASE = 1 << 20  # so little does no harm, however well it was packed
MOST_ENTRIES = 10_000
GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
DIRECTORY_ENTRY = b"PK\x01\x02"
SEVEN_ZIP, RAR, XZ, ZSTD = b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
BZIP2 = tuple(b"BZh%d1AY&SY" % level for level in range(1, 10))
OTHER_ARCHIVES = (SEVEN_ZIP, RAR, XZ, ZSTD, *BZIP2)
TAR = b"ustar"
TAR_OFFSET = 257
PARTS = "parts.csv"
CONTENT_TYPES = "[Content_Types].xml"
WORKBOOK_FOLDERS = ("_rels/", "docProps/", "xl/", CONTENT_TYPES)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
ENCRYPTED = 0x1 | 0x40 | 0x2000


def unwrap(path: Path, scratch: Path, *, joins_documents: bool) -> Path:
    """The extract inside an archive, written to `scratch`; `path` itself where it is no archive.

    With `joins_documents` the entries of a zip are joined in the order of their names, a line end between
    two of them, and PARTS in `scratch` says where each begins: CSV of (line, name), the line on which its own
    first one is or would be. Without it there must be exactly one. Errors: ExtractError R021.
    """
    with path.open("rb") as file:
        start = file.read(TAR_OFFSET + len(TAR))
    if start.startswith(ZIP) and _is_workbook(path):
        return path
    if not start.startswith((GZIP, *ZIP)):
        if _is_archive(start):
            _refuse("another kind of archive", "une archive d’un autre type")
        return path
    unpacked = scratch / "unpacked"
    try:
        with unpacked.open("wb") as target:
            output = _Output(target, path.stat().st_size)
            if start.startswith(GZIP):
                for chunk in _gunzipped(path):
                    output.write(chunk)
            else:
                parts = _unzip(path, output, joins_documents)
                if len(parts) > 1:
                    with (scratch / PARTS).open("w", encoding="utf-8", newline="") as file_of_parts:
                        csv.writer(file_of_parts).writerows(parts)
    except (ExtractError, MemoryError):
        raise
    except Exception as error:  # a damaged archive makes zipfile, zlib and struct raise what they will
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise  # the disk, not the archive
        _refuse(
            f"a damaged or cut-off archive ({type(error).__name__})",
            f"une archive endommagée ou tronquée ({type(error).__name__})",
            error,
        )
    if output.holds_zip and not _is_workbook(unpacked):
        _refuse_nested()
    return unpacked


def _refuse(found: str, found_fr: str, cause: Exception | None = None) -> NoReturn:
    raise ExtractError(
        "R021",
        found=found,
        found_fr=found_fr,
        expected="a .zip or .gz with the extract alone",
        expected_fr="une archive .zip ou .gz contenant l’extrait seul",
    ) from cause


def _refuse_nested() -> NoReturn:
    _refuse("an archive inside the archive", "une archive dans l’archive")


class _Output:
    """What comes out of an archive, counted and looked at while it is written."""

    def __init__(self, file: IO[bytes], packed: int) -> None:
        self._file = file
        self._most = min(LARGEST_UNPACKED, max(LARGEST_RATIO * packed, UNPACKED_IN_ANY_CASE))
        self._count = 0
        self._start = b""
        self.holds_zip = False
        self.lines = 0

    def write(self, chunk: bytes) -> None:
        self._count += len(chunk)
        self.lines += chunk.count(b"\n")
        if self._count > self._most:
            _refuse(
                f"more than {self._most} bytes in it: over {LARGEST_RATIO} times its own size, or over 4 GB",
                f"plus de {self._most} octets à l’intérieur : plus de {LARGEST_RATIO} fois sa taille, "
                "ou plus de 4 Go",
            )
        if len(self._start) < TAR_OFFSET + len(TAR):
            self._start += chunk[: TAR_OFFSET + len(TAR)]
            if self._start.startswith(GZIP) or _is_archive(self._start):
                _refuse_nested()
            self.holds_zip = self._start.startswith(ZIP)
        self._file.write(chunk)


def _is_archive(start: bytes) -> bool:
    """Whether bytes begin an archive that is neither zip nor gzip."""
    return start.startswith(OTHER_ARCHIVES) or start[TAR_OFFSET : TAR_OFFSET + len(TAR)] == TAR


def _gunzipped(path: Path) -> Iterator[bytes]:
    """All members of a gzip file, one after the other, as they are inflated.

    Each member copies what is left of the chunk: many small ones would make a small file slow.
    """
    small_members = 0
    with path.open("rb") as file:
        pending = file.read(SHORT_CHUNK)
        while pending:
            inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            size = 0
            while not inflater.eof:
                chunk = inflater.decompress(pending, CHUNK)
                pending = inflater.unconsumed_tail
                if chunk:
                    size += len(chunk)
                    yield chunk
                elif not inflater.eof and not pending:
                    pending = file.read(SHORT_CHUNK)
                    if not pending:
                        raise EOFError
            small_members += size < SMALL_MEMBER
            if small_members > MOST_ENTRIES:
                _refuse_entries()
            # Zeros may pad the last member, as on tapes; nothing else may follow it.
            pending = inflater.unused_data.lstrip(b"\0")
            while not pending and (more := file.read(SHORT_CHUNK)):
                pending = more.lstrip(b"\0")


def _refuse_entries() -> NoReturn:
    _refuse(f"more than {MOST_ENTRIES} entries", f"plus de {MOST_ENTRIES} entrées")


def _is_workbook(path: Path) -> bool:
    """Whether a zip is an Excel workbook, also a damaged one: the format has the better words for that."""
    _refuse_a_directory_too_long(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return CONTENT_TYPES in archive.namelist()
    except Exception:  # damaged: the name of its first part has to do
        with path.open("rb") as file:
            first_name = file.read(256)[30:]
        return first_name.startswith(tuple(name.encode() for name in WORKBOOK_FOLDERS))


def _refuse_a_directory_too_long(path: Path) -> None:
    """Count the entries before anything is built of them: each one has its sign in the directory."""
    count, tail = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            count += (tail + chunk).count(DIRECTORY_ENTRY)
            tail = chunk[-len(DIRECTORY_ENTRY) + 1 :]
            if count > MOST_ENTRIES:
                _refuse_entries()


def _unzip(path: Path, output: _Output, joins_documents: bool) -> list[tuple[int, str]]:
    """Where each entry begins, and its name."""
    parts = []
    with zipfile.ZipFile(path) as archive:
        entries = []
        for entry in archive.infolist():
            _refuse_entry(entry)
            if not entry.is_dir() and not entry.filename.startswith("__MACOSX/"):
                entries.append(entry)
        if not entries:
            _refuse("an archive without a file in it", "une archive ne contenant aucun fichier")
        if len(entries) > 1 and not joins_documents:
            _refuse(f"{len(entries)} files in it", f"{len(entries)} fichiers à l’intérieur")
        is_joined = len(entries) > 1
        for number, entry in enumerate(sorted(entries, key=lambda entry: entry.filename)):
            with archive.open(entry) as content:
                chunk = content.read(CHUNK)
                if is_joined:
                    chunk, blank_lines = _as_part(chunk)
                    if number:
                        output.write(b"\n")
                    parts.append((output.lines + 1 - blank_lines, entry.filename))
                while chunk:
                    output.write(chunk)
                    chunk = content.read(CHUNK)
    return parts


def _refuse_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    if (
        "\0" in name
        or "\\" in name
        or name.startswith("/")
        or re.match(r"[A-Za-z]:", name)
        or ".." in name.split("/")
    ):
        _refuse("a name in it that leads elsewhere", "un nom de fichier qui mène ailleurs")
    if stat.S_ISLNK(entry.external_attr >> 16):
        _refuse("a link in it", "un lien à l’intérieur")
    if entry.flag_bits & ENCRYPTED:
        _refuse("a password on it", "une protection par mot de passe")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # zipfile inflates the others a block at a time, however large the block becomes.
        _refuse("an unusual way of packing", "une méthode de compression inhabituelle")


def _as_part(start: bytes) -> tuple[bytes, int]:
    """The beginning of one document among others, so that each can be told from the one before, and how many
    blank lines were taken away.

    An element that starts without an XML declaration would count as part of the document before it.
    """
    if start.startswith(UTF_16):
        _refuse("several files, not all in UTF-8", "plusieurs fichiers, pas tous en UTF-8")
    if start.startswith((GZIP, *ZIP)) or _is_archive(start):
        _refuse_nested()
    start = start.removeprefix(BYTE_ORDER_MARK)
    text = start.lstrip()
    blank_lines = start.count(b"\n", 0, len(start) - len(text))
    if text.startswith(b"<?xml"):
        return text, blank_lines
    if text.startswith(b"<"):
        return b'<?xml version="1.0"?>' + text, blank_lines
    return start, 0
