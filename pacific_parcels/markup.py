"""XML as members send it: one or many documents in a file, read element by element in bounded memory.

Documents may stand one after the other in one file, as an archive of single declarations gives them. A
document type is refused before anything of it is parsed: with it go entities, external files and the bombs
made of them. libxml2 keeps its own limits: depth 256, ten million characters in one text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from pacific_parcels.errors import ExtractError

CHUNK = 1 << 20
LARGEST_ELEMENT = 64 << 20  # bytes of source between two elements that a format asks for
FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
DECLARATION = re.compile(rb"<\?xml[\s]")
LONGEST_SIGN = len(b"<!DOCTYPE")


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def elements(path: Path, tags: Collection[str]) -> Iterator[etree._Element]:
    """Every element with one of the local names `tags`, when it ends, over all documents of the file.

    An element is emptied as soon as the next one is asked for, and what stood before it in its parent is
    taken away: keep what is needed of it, not the element. The root of a document is given too when `tags`
    holds its name. Errors: ExtractError R001 (empty), R004 (encoding), R016 (NUL), R019 (one element is
    larger than 64 MB), R020 (document type), R022 (not well-formed, or no document at all).
    """
    wanted = [f"{{*}}{tag}" for tag in tags]
    line = 0
    for document in _documents(path):
        parser = _parser(wanted)
        since = 0
        lines_of_document = 0
        try:
            for chunk in document:
                since += len(chunk)
                parser.feed(chunk)
                for _, element in parser.read_events():
                    since = 0
                    yield element
                    _forget(element)
                if since > LARGEST_ELEMENT:
                    raise ExtractError(
                        "R019",
                        found="memory",
                        found_fr="mémoire",
                        expected="64 MB for one record",
                        expected_fr="64 Mo pour un enregistrement",
                    )
                lines_of_document += chunk.count(b"\n")
            parser.close()
            for _, element in parser.read_events():
                yield element
                _forget(element)
        except etree.XMLSyntaxError as error:
            raise ExtractError("R022", line=line + max(error.lineno or 1, 1), found=_reason(error)) from error
        line += lines_of_document


def root_name(path: Path) -> str:
    """The local name of the first element of a file: what kind of document it is. Cheap. Errors: as above."""
    for document in _documents(path):
        parser = etree.XMLPullParser(("start",), resolve_entities=False, no_network=True)
        try:
            for chunk in document:
                parser.feed(chunk)
                for _, element in parser.read_events():
                    return local_name(element)
            parser.close()
        except etree.XMLSyntaxError as error:
            raise ExtractError("R022", line=max(error.lineno or 1, 1), found=_reason(error)) from error
    raise ExtractError("R001")


def text_at(element: etree._Element, path: str) -> str:
    """The text of a descendant by local names (`Item/Price`), trimmed; empty where it is absent or null."""
    for name in path.split("/"):
        for child in element.iterchildren(f"{{*}}{name}"):
            element = child
            break
        else:
            return ""
    return (element.text or "").strip()


def _parser(wanted: list[str]) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        ("end",),
        tag=wanted,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _forget(element: etree._Element) -> None:
    element.clear(keep_tail=False)
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _reason(error: etree.XMLSyntaxError) -> str:
    """The parser's words without what it quotes: that may be anybody's data."""
    words = re.sub(r"'[^']*'|\"[^\"]*\"", "…", str(error.msg or "")).split(", line ")[0]
    return words[:80] or "no document"


def _documents(path: Path) -> Iterator[Iterator[bytes]]:
    """The documents of a file, each as chunks of bytes. One has to be read to its end before the next."""
    with path.open("rb") as file:
        source = _Source(file)
        if source.is_empty:
            raise ExtractError("R001")
        while not source.is_empty:
            yield source.document()


class _Source:
    """The bytes of a file, in UTF-8 or as its documents declare, cut before each declaration."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(4)
        file.seek(0)
        self._decoder: codecs.IncrementalDecoder | None = None
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._decoder = codecs.getincrementaldecoder("utf-16")()
        self._is_at_end = False
        self._lines = 1
        self._pending = self._more().removeprefix(codecs.BOM_UTF8).lstrip()

    @property
    def is_empty(self) -> bool:
        while not self._pending and not self._is_at_end:
            self._pending = self._more().lstrip()
        return not self._pending

    def _more(self) -> bytes:
        """The next chunk as bytes, checked; empty at the end of the file."""
        chunk = self._file.read(CHUNK)
        if not chunk:
            self._is_at_end = True
        if self._decoder is not None:
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise ExtractError(
                    "R004", expected="utf-16", line=self._lines, found=f"0x{error.object[error.start]:02X}"
                ) from error
            # It is UTF-8 from here on, whatever the declaration says.
            chunk = re.sub(r"""(<\?xml[^>]*?)\s+encoding\s*=\s*(?:"[^"]*"|'[^']*')""", r"\1", text).encode()
        if b"\0" in chunk:
            raise ExtractError("R016", line=self._lines + chunk.count(b"\n", 0, chunk.index(b"\0")))
        self._lines += chunk.count(b"\n")
        return chunk

    def document(self) -> Iterator[bytes]:
        """The chunks of the document that begins here."""
        position = len(b"<?xml ")  # past its own declaration, or past anything too short to hold another
        while True:
            if FORBIDDEN.search(self._pending):
                raise ExtractError("R020")
            found = DECLARATION.search(self._pending, position)
            if found is not None:
                document, self._pending = self._pending[: found.start()], self._pending[found.start() :]
                yield document
                return
            if self._is_at_end:
                document, self._pending = self._pending, b""
                yield document
                return
            # A sign may be cut by the end of the chunk: its first bytes wait for the next one.
            kept = self._pending[-LONGEST_SIGN:]
            ready = self._pending[:-LONGEST_SIGN] if len(self._pending) > LONGEST_SIGN else b""
            if ready:
                yield ready
                position = 0
            self._pending = (kept if ready else self._pending) + self._more()
