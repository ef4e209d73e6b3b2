"""XML as members send it: one or many documents in a file, read element by element in bounded memory.

Documents may stand one after the other in one file, as an archive of single declarations gives them: each
but the first begins with its XML declaration. A document type is refused before anything of it is parsed:
with it go entities, external files and the bombs made of them. So is an encoding in which one could hide:
UTF-8, the one-byte encodings of Windows and ISO 8859, and UTF-16 with its mark are read. libxml2 keeps its
own limits: depth 256, ten million characters in one text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from lxml import etree

from pacific_parcels.errors import ExtractError

CHUNK = 1 << 20
LARGEST_PARSED_AT_ONCE = 4 << 20  # bytes of a document
LARGEST_ELEMENT = 16 << 20  # bytes of source between two elements that a format asks for
FORBIDDEN = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
DECLARATION = re.compile(rb"<\?xml\s")
WHOLE_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>")
ENCODING = re.compile(rb"""\sencoding\s*=\s*["']([^"'>]*)["']""")
READ_AS_DECLARED = re.compile(r"utf-8|ascii|iso8859-\d{1,2}|cp125\d")
NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{0,17})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
LONGEST_NUMBER = 40  # signs: more than NUMBER can have
LONGEST_DECLARATION = 1 << 10
Events = Iterable[tuple[str, etree._Element]]
LONGEST_SIGN = len(codecs.BOM_UTF8 + b"<!DOCTYPE")

_Errors = etree.ErrorTypes
CUT_OFF = (
    "it ends before its last element is closed",
    "il s’arrête avant la fin de son dernier élément",
)
WRONG_CHARACTER = (
    "a character that its encoding or XML does not allow",
    "un caractère que son encodage ou XML n’admet pas",
)
OTHER_ENCODING = (
    "its encoding is not one that is read; write UTF-8",
    "son encodage n’est pas de ceux qui sont lus ; écrivez en UTF-8",
)
REASONS: Final[dict[int, tuple[str, str]]] = {
    _Errors.ERR_DOCUMENT_EMPTY: ("there is no document", "il n’y a pas de document"),
    _Errors.ERR_DOCUMENT_END: (
        "text stands outside of the document",
        "du texte se trouve en dehors du document",
    ),
    _Errors.ERR_TAG_NOT_FINISHED: CUT_OFF,
    _Errors.ERR_GT_REQUIRED: CUT_OFF,
    _Errors.ERR_CDATA_NOT_FINISHED: CUT_OFF,
    _Errors.ERR_TAG_NAME_MISMATCH: (
        "an element is closed under another name",
        "un élément est fermé sous un autre nom",
    ),
    _Errors.ERR_INVALID_CHAR: WRONG_CHARACTER,
    _Errors.ERR_INVALID_ENCODING: WRONG_CHARACTER,
    _Errors.ERR_NAME_REQUIRED: (
        "a sign < or & that has to be written &lt; or &amp;",
        "un signe < ou & qui doit s’écrire &lt; ou &amp;",
    ),
    _Errors.ERR_UNKNOWN_ENCODING: OTHER_ENCODING,
    _Errors.ERR_UNSUPPORTED_ENCODING: OTHER_ENCODING,
    _Errors.ERR_RESOURCE_LIMIT: (
        "it is nested too deeply, or one text of it is too long",
        "il est imbriqué trop profondément, ou l’un de ses textes est trop long",
    ),
}
SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
OTHER_REASON = ("it is not well-formed", "il n’est pas bien formé")


class _Names(dict[str, str]):
    MOST = 1 << 12

    def __missing__(self, tag: str) -> str:
        name = tag.rpartition("}")[2]
        if len(self) < self.MOST:  # a file can hold any number of names
            self[tag] = name
        return name


NAMES: Final = _Names()  # local names by tag: NAMES[element.tag], where a call for each element would cost


@dataclass(frozen=True)
class DocumentKind:
    """What kind of documents a format reads: their roots, and words for them in English and French.

    A document with the element `mark` is of the kind too, whatever its root: another message of the same
    standard, which the format names itself.
    """

    roots: tuple[str, ...]
    en: str
    fr: str
    mark: str = ""

    def refusal(self, found: str, found_fr: str) -> ExtractError:
        return ExtractError("R014", expected=self.en, expected_fr=self.fr, found=found, found_fr=found_fr)

    def require(self, root: str) -> None:
        """Errors: ExtractError R014 where the root of a document is another one."""
        if root not in self.roots:
            raise self.refusal(f"the element {root[:40]}", f"l’élément {root[:40]}")


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return NAMES[element.tag]


class Elements:
    """Every element with one of the local names `tags`, when it ends, over all documents of the file.

    An element is emptied as soon as the next one is asked for, and what stood before it, in its parent and
    in all above, is taken away: keep what is needed of it, not the element. With `keeps_whole`, which spares
    that work, a document that is parsed at once stays as it is, and `is_whole` says which one does. The root
    of a document is given too when `tags` holds its name. Errors: ExtractError R001 (empty), R004 (encoding),
    R014 (at the end of a document that is not of the `kind`: nobody would notice that it was passed over),
    R016 (NUL), R019 (more than 16 MB from one of these elements to the next), R020 (document type), R022 (not
    well-formed, or no document at all).
    """

    def __init__(
        self,
        path: Path,
        tags: Collection[str],
        kind: DocumentKind | None = None,
        *,
        keeps_whole: bool = False,
    ) -> None:
        self.is_whole = False
        self._path = path
        self._wanted = [f"{{*}}{tag}" for tag in tags]
        self._kind = kind
        self._keeps_whole = keeps_whole
        self._lines_before = 0

    def line_of(self, element: etree._Element) -> int:
        """The line of the file on which an element of the present document begins."""
        return self._lines_before + (cast(int | None, element.sourceline) or 1)

    def __iter__(self) -> Iterator[etree._Element]:
        kind, parser = self._kind, etree.XMLParser(**SAFE)
        for lines_before, chunks in _documents(self._path):
            self._lines_before = lines_before
            document = _Document(chunks, parser)
            parent: etree._Element | None = None
            is_marked = False
            try:
                elements = document.ended(self._wanted)
                self.is_whole = self._keeps_whole and document.is_whole
                for element in elements:
                    if kind is not None and kind.mark:
                        is_marked = is_marked or NAMES[element.tag] == kind.mark
                    yield element
                    if self.is_whole:
                        continue
                    element.clear()
                    above = element.getparent()
                    if above is parent:
                        _drop_what_stands_before(element)
                    else:  # the first one of another parent: what ended before it is above, too
                        parent = above
                        outer: etree._Element | None = element
                        while outer is not None:
                            if outer.getprevious() is not None:
                                _drop_what_stands_before(outer)
                            outer = outer.getparent()
            except etree.XMLSyntaxError as error:
                raise _broken(error, lines_before) from error
            if kind is not None and not is_marked:
                kind.require(document.root)


class _Document:
    """One document: its elements as they end; after the last one the name of its root.

    `is_whole`: it is small, and parsed at once.
    """

    def __init__(self, chunks: Iterator[bytes], parser: etree.XMLParser) -> None:
        self.root = ""
        self.is_whole = False
        self._chunks = chunks
        self._parser = parser

    def ended(self, wanted: Collection[str]) -> Iterator[etree._Element]:
        """The elements that are wanted, in the order in which they end.

        A small document is parsed at once: to feed it to a parser costs about three times as much.
        """
        start = []
        size = 0
        for chunk in self._chunks:
            start.append(chunk)
            size += len(chunk)
            if size > LARGEST_PARSED_AT_ONCE:
                return self._ended_as_fed(chain(start, self._chunks), wanted)
        self.is_whole = True
        return self._ended_of_whole(b"".join(start), wanted)

    def _ended_of_whole(self, text: bytes, wanted: Collection[str]) -> Iterator[etree._Element]:
        root = etree.fromstring(text, self._parser)
        open_elements: list[etree._Element] = []
        for element in root.iter(*wanted):
            while open_elements and not _is_below(element, open_elements[-1]):
                yield open_elements.pop()
            open_elements.append(element)
        while open_elements:
            yield open_elements.pop()
        self.root = local_name(root)

    def _ended_as_fed(self, chunks: Iterable[bytes], wanted: Collection[str]) -> Iterator[etree._Element]:
        """Errors: ExtractError R019."""
        parser = etree.XMLPullParser(("end",), tag=wanted, **SAFE)
        since = 0
        for chunk in chunks:
            since += len(chunk)
            parser.feed(chunk)
            for _, element in cast(Events, parser.read_events()):
                since = 0
                yield element
            if since > LARGEST_ELEMENT:
                raise ExtractError(
                    "R019",
                    found="memory",
                    found_fr="mémoire",
                    expected="16 MB for one record",
                    expected_fr="16 Mo pour un enregistrement",
                )
        self.root = local_name(parser.close())


def _is_below(element: etree._Element, other: etree._Element) -> bool:
    above = element.getparent()
    if above is other:
        return True
    if above is other.getparent():
        return False
    while above is not None:
        if above is other:
            return True
        above = above.getparent()
    return False


def _drop_what_stands_before(element: etree._Element) -> None:
    if element.getprevious() is not None:
        parent = cast(etree._Element, element.getparent())
        while parent[0] is not element:
            del parent[0]


def root_name(path: Path) -> str:
    """The local name of the first element of a file: what kind of document it is. Cheap. Errors: as above."""
    for _, document in _documents(path):
        parser = etree.XMLPullParser(("start",), **SAFE)
        try:
            for chunk in document:
                for start in range(0, len(chunk), LONGEST_DECLARATION):
                    parser.feed(chunk[start : start + LONGEST_DECLARATION])
                    for _, element in cast(Events, parser.read_events()):
                        return local_name(element)
            parser.close()
        except etree.XMLSyntaxError as error:
            raise _broken(error, 0) from error
    raise ExtractError("R001")


def text_at(element: etree._Element, path: str) -> str:
    """The text of a descendant by local names (`Item/Price`), trimmed; empty where it is absent or null."""
    for name in path.split("/"):
        for child in element:
            if NAMES[child.tag] == name:
                element = child
                break
        else:
            return ""
    return (element.text or "").strip()


def texts(element: etree._Element, without: Collection[str] = ()) -> dict[str, str]:
    """Every text below an element in one pass: path of local names (`Item/Price`) to text, trimmed.

    Of a path that occurs several times the first text stays. Empty texts are left out, and so is everything
    in children of `element` itself that have one of the local names `without`. Where much of an element is
    wanted this is several times as quick as asking for each path.
    """
    found: dict[str, str] = {}
    if without:
        for child in element:
            if NAMES[child.tag] not in without:
                _collect(child.iter(), 1, found)
    else:
        below = element.iter()
        next(below)
        _collect(below, len(element), found)
    return found


class _Paths(dict[str, "_Paths"]):
    """The tree of paths that were met, by tag: composing each path anew would cost most of the reading."""

    MOST = 1 << 14
    known = 0

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def __missing__(self, tag: str) -> _Paths:
        name = NAMES[tag]
        below = _Paths(f"{self.path}/{name}" if self.path else name)
        if _Paths.known < self.MOST:  # a file can hold any number of names
            _Paths.known += 1
            self[tag] = below
        return below


_FROM_HERE = _Paths("")


def _collect(nodes: Iterator[etree._Element], siblings: int, found: dict[str, str]) -> None:
    """`nodes` in the order of the document, beginning with the first of so many siblings."""
    here = _FROM_HERE
    outer: list[tuple[_Paths, int]] = []
    for node in nodes:
        siblings -= 1
        text = node.text
        children = len(node)
        if text and not text.isspace():
            path = here[node.tag].path
            if path not in found:
                found[path] = text.strip()
        if children:
            outer.append((here, siblings))
            here, siblings = here[node.tag], children
        else:
            while not siblings and outer:
                here, siblings = outer.pop()


def texts_by_name(element: etree._Element, without: Collection[str] = ()) -> dict[str, str]:
    """Every text below an element by the local name alone, trimmed: quicker, where no name has two meanings.

    As `texts` otherwise, but the children with one of the local names `without` are taken out of the element.
    """
    for child in list(element):
        if NAMES[child.tag] in without:
            element.remove(child)
    found: dict[str, str] = {}
    for node in element.iter():
        text = node.text
        if text and (text := text.strip()):
            found.setdefault(NAMES[node.tag], text)
    return found


def number(text: str) -> Decimal | None:
    """A number as XML programs write it (1234.5, 1.2E7); None for anything else, the empty text too."""
    return _number(text) if len(text) <= LONGEST_NUMBER else None


@lru_cache(maxsize=1 << 12)  # few figures make up most of what messages say
def _number(text: str) -> Decimal | None:
    return Decimal(text) if NUMBER.fullmatch(text) else None


def plain_number(text: str) -> str:
    """A number without exponent, as a layout reads it; whatever is no number stays as it is."""
    if "E" not in text and "e" not in text:
        return text
    figure = number(text)
    return text if figure is None else format(figure, "f")


def _broken(error: etree.XMLSyntaxError, lines_before: int) -> ExtractError:
    """The parser's own words are not handed on: they may quote anybody's data."""
    found, found_fr = REASONS.get(getattr(error, "code", 0), OTHER_REASON)
    return ExtractError("R022", line=lines_before + max(error.lineno or 1, 1), found=found, found_fr=found_fr)


def _documents(path: Path) -> Iterator[tuple[int, Iterator[bytes]]]:
    """The documents of a file: the lines that end before each, and its bytes in chunks.

    One has to be read to its end before the next.
    """
    with path.open("rb") as file:
        source = _Source(file)
        if source.is_at_end:
            raise ExtractError("R001")
        while not source.is_at_end:
            yield source.lines_before, source.document()


class _Source:
    """The bytes of a file, in UTF-8 or as its documents declare, cut before each declaration.

    `lines_before` is how many lines have ended before what is given next.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        start = file.read(4)
        file.seek(0)
        self._decoder: codecs.IncrementalDecoder | None = None
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._decoder = codecs.getincrementaldecoder("utf-16")()
        self._known_declaration = b""  # the documents of a file begin alike
        self._has_more = True
        self._lines = 1
        self.lines_before = 0
        self._buffer = b""
        self._position = 0
        self._read_on(0)
        if self._buffer.startswith(codecs.BOM_UTF8):
            self._position = len(codecs.BOM_UTF8)
        self._skip_blanks()

    @property
    def is_at_end(self) -> bool:
        return self._position == len(self._buffer) and not self._has_more

    def document(self) -> Iterator[bytes]:
        """The chunks of the document that begins here."""
        yield self._passed(self._declaration())
        before = b">"
        while True:
            start = self._position
            for sign in DECLARATION.finditer(self._buffer, start):
                end = sign.start()
                if self._buffer.endswith(codecs.BOM_UTF8, start, end):
                    end -= len(codecs.BOM_UTF8)
                # In a CDATA section it is text; a document begins where another has ended.
                if (_last_sign(self._buffer, start, end) or before) == b">":
                    self._position = sign.start()
                    yield self._passed(self._buffer[start:end])
                    return
            if not self._has_more:
                self._position = len(self._buffer)
                yield self._passed(self._buffer[start:])
                return
            # A sign may be cut by the end of the chunk: its first bytes wait for the next one.
            ready = self._buffer[start:-LONGEST_SIGN]
            before = _last_sign(self._buffer, start, start + len(ready)) or before
            self._read_on(max(start, len(self._buffer) - LONGEST_SIGN))
            if ready:
                yield self._passed(ready)

    def _passed(self, chunk: bytes) -> bytes:
        self.lines_before += chunk.count(b"\n")
        return chunk

    def _declaration(self) -> bytes:
        """The XML declaration that stands here, if one does, without an encoding that is decoded already.

        Errors: ExtractError R004 for UTF-16 that is none, R022 for an encoding that is not read.
        """
        while self._has_more and len(self._buffer) - self._position < LONGEST_DECLARATION:
            self._read_on(self._position)
        if self._buffer[self._position : self._position + 1] != b"<":
            raise self._refused(*REASONS[_Errors.ERR_DOCUMENT_EMPTY])
        if self._known_declaration and self._buffer.startswith(self._known_declaration, self._position):
            self._position += len(self._known_declaration)
            return self._known_declaration
        whole = WHOLE_DECLARATION.match(self._buffer, self._position, self._position + LONGEST_DECLARATION)
        if whole is None:
            return b""
        self._position = whole.end()
        declaration = whole[0]
        encoding = ENCODING.search(declaration)
        if encoding is None:
            return declaration
        if self._decoder is not None:
            return declaration.replace(encoding[0], b"")
        name = encoding[1].decode("ascii", "replace")
        try:
            codec = codecs.lookup(name).name
        except (LookupError, ValueError):
            codec = ""
        if codec.startswith("utf-16"):
            raise ExtractError("R004", expected="utf-16", line=self.lines_before + 1, found="0x3C")
        if not READ_AS_DECLARED.fullmatch(codec):
            raise self._refused(*OTHER_ENCODING)
        self._known_declaration = declaration
        return declaration

    def _refused(self, found: str, found_fr: str) -> ExtractError:
        return ExtractError("R022", line=self.lines_before + 1, found=found, found_fr=found_fr)

    def _skip_blanks(self) -> None:
        while True:
            rest = self._buffer[self._position :].lstrip()
            self._passed(self._buffer[self._position : len(self._buffer) - len(rest)])
            self._position = len(self._buffer) - len(rest)
            if rest or not self._has_more:
                return
            self._read_on(self._position)

    def _read_on(self, keep_from: int) -> None:
        """Add the next chunk to what is kept of the buffer. Errors: ExtractError R004, R016, R020."""
        kept = self._buffer[keep_from:]
        chunk = self._file.read(CHUNK)
        if not chunk:
            self._has_more = False
        if self._decoder is not None:
            try:
                text = self._decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise ExtractError(
                    "R004", expected="utf-16", line=self._lines, found=f"0x{error.object[error.start]:02X}"
                ) from error
            chunk = text.encode()
        if b"\0" in chunk:
            raise ExtractError("R016", line=self._lines + chunk.count(b"\n", 0, chunk.index(b"\0")))
        self._lines += chunk.count(b"\n")
        self._buffer = kept + chunk
        self._position = 0
        if FORBIDDEN.search(self._buffer):
            raise ExtractError("R020")


def _last_sign(buffer: bytes, start: int, end: int) -> bytes:
    """The last byte of a part of the buffer that is not blank; empty when all are."""
    width = 64
    while True:
        begin = max(start, end - width)
        sign = buffer[begin:end].rstrip()[-1:]
        if sign or begin == start:
            return sign
        width *= 8
