"""Finds words in whatever hides them: an encoding, an archive, a page of a PDF, of Parquet or of DuckDB."""

from __future__ import annotations

import gzip
import html
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "latin-1", "cp1252")
ZIP, GZIP, PARQUET, PDF = b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"%PDF"
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
GLYPH = re.compile(rb"^<([0-9A-F]{4})> <([0-9A-F]+)>$", re.MULTILINE)
SHOWN = re.compile(rb"\(((?:[^\\()]|\\.)*)\)|T[jJ]", re.DOTALL)
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
OCTAL = tuple(b"%d" % digit for digit in range(8))
CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def files_with(places: Iterable[Path], words: Sequence[str]) -> list[str]:
    """The files under some places in which a word is found, each with the word; there must be files."""
    files = sorted({file for place in places for file in ([place] if place.is_file() else place.rglob("*"))})
    files = [file for file in files if file.is_file()]
    assert files, "nothing was searched"
    signs = {sign: word for word in words for sign in _spellings(word)}
    # Where they begin alike, that is looked for first.
    stems = _spellings(os.path.commonprefix(list(words)))  # noqa: RUF071 (of words, not of paths)
    found = []
    for file in files:
        # One search for each: an expression of them all is a hundred times slower.
        seen = {
            word
            for content in _contents(file)
            if any(stem in content for stem in stems)
            for sign, word in signs.items()
            if sign in content
        }
        found += [f"{file}: {word}" for word in sorted(seen)]
    return found


def _spellings(word: str) -> set[bytes]:
    texts = {word, json.dumps(word)[1:-1], html.escape(word), word.lower(), word.upper()}
    spelt = set()
    for text in texts:
        for encoding in ENCODINGS:
            try:
                spelt.add(text.encode(encoding))
            except UnicodeEncodeError:
                continue
    return spelt


def _contents(file: Path) -> Iterable[bytes]:
    content = file.read_bytes()
    yield content
    if content.startswith(ZIP):
        with zipfile.ZipFile(file) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif content.startswith(GZIP):
        yield gzip.decompress(content)
    elif content.startswith(PDF):
        yield from _pages_of(content)
    elif content.startswith(PARQUET):
        with duckdb.connect() as connection:
            yield _all_of(connection, f"read_parquet('{file}', hive_partitioning = false)")
    elif file.suffix == ".duckdb":
        with duckdb.connect(file, read_only=True) as connection:
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where not internal"
            ).fetchall()
            yield from (_all_of(connection, f'"{schema}"."{table}"') for schema, table in tables)


def _pages_of(content: bytes) -> Iterable[bytes]:
    """The streams of a PDF, and the words on its pages, in the letters of each of its fonts.

    Only one of these is what a reader sees, but none that is is missing.
    """
    streams = [_inflated(stream) for stream in STREAM.findall(content)]
    yield from streams
    alphabets = [
        {int(glyph, 16): bytes.fromhex(letters.decode()).decode("utf-16-be") for glyph, letters in found}
        for stream in streams
        if b"begincmap" in stream and (found := GLYPH.findall(stream))
    ]
    for stream in streams:
        texts, shown = [], b""
        for match in SHOWN.finditer(stream):
            if match[1] is not None:
                shown += ESCAPED.sub(_unescaped, match[1])
            else:
                texts.append(shown)
                shown = b""
        for alphabet in alphabets:
            for text in texts:
                glyphs = (int.from_bytes(text[place : place + 2]) for place in range(0, len(text), 2))
                yield "".join(alphabet.get(glyph, "") for glyph in glyphs).encode()


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def _unescaped(match: re.Match[bytes]) -> bytes:
    sign = match[1]
    return bytes([int(sign, 8)]) if sign[:1] in OCTAL else CONTROLS.get(sign, sign)


def _all_of(connection: duckdb.DuckDBPyConnection, relation: str) -> bytes:
    rows = connection.execute(f"select columns(*)::varchar from {relation}").fetchall()
    return "\n".join(value for row in rows for value in row if value is not None).encode()
