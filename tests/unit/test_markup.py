"""Reading XML: several documents in one file, what is refused, and memory that a file cannot drive up."""

from __future__ import annotations

import codecs
import subprocess
import sys
import time
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from pacific_parcels import markup
from pacific_parcels.errors import ExtractError
from pacific_parcels.markup import (
    LARGEST_PARSED_AT_ONCE,
    DocumentKind,
    Elements,
    local_name,
    number,
    plain_number,
    root_name,
    text_at,
    texts,
    texts_by_name,
)

DECLARATION = b'<?xml version="1.0"?>'
PIECES = (
    *(b"<m>", b"</m>", b"<r>", b"</r>", b"<r/>", b"text", b" ", DECLARATION, b"<!DOCTYPE", b"&x;", b"\xe9"),
    *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?p ?>", codecs.BOM_UTF8, codecs.BOM_UTF16_LE),
)


def put(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "extract.xml"
    path.write_bytes(content)
    return path


def texts_of(path: Path, tag: str = "r") -> list[str]:
    return [element.text or "" for element in Elements(path, [tag])]


def refusal(path: Path) -> ExtractError:
    with pytest.raises(ExtractError) as refused:
        list(Elements(path, ["r"]))
    return refused.value


class TestElements:
    def test_gives_each_element_of_the_names_asked_for_whatever_their_namespace(self, tmp_path: Path) -> None:
        path = put(tmp_path, b'<m xmlns:n="urn:n"><r>1</r><n:r>2</n:r><s>3</s><t>4</t></m>')

        assert [(local_name(one), one.text) for one in Elements(path, ["r", "s"])] == [
            ("r", "1"),
            ("r", "2"),
            ("s", "3"),
        ]

    def test_gives_the_root_when_it_is_asked_for(self, tmp_path: Path) -> None:
        path = put(tmp_path, b"<r>1</r>\n" + DECLARATION + b"<r>2</r>")

        assert texts_of(path) == ["1", "2"]

    def test_an_outer_element_ends_after_the_inner_ones_which_are_empty_by_then(self, tmp_path: Path) -> None:
        path = put(tmp_path, b"<m><r><s>1</s><s>2</s><t>3</t></r></m>")

        given = [(local_name(one), one.text, texts(one)) for one in Elements(path, ["r", "s"])]
        assert given == [("s", "1", {}), ("s", "2", {}), ("r", None, {"t": "3"})]

    def test_reads_documents_that_stand_one_after_the_other(self, tmp_path: Path) -> None:
        one = DECLARATION + b"\n<m><r>1</r></m>"
        other = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<m><r>\xe9</r></m>'

        assert texts_of(put(tmp_path, one + other)) == ["1", "é"]
        assert texts_of(put(tmp_path, b"\r\n " + one + b"\n\n" + other + b"\n")) == ["1", "é"]
        assert texts_of(put(tmp_path, codecs.BOM_UTF8 + one + codecs.BOM_UTF8 + one)) == ["1", "1"]

    @pytest.mark.parametrize("whole", [LARGEST_PARSED_AT_ONCE, 0], ids=["whole", "fed"])
    @pytest.mark.parametrize("before", [b"", b"\r\n \n", codecs.BOM_UTF8])
    def test_says_on_which_line_of_the_file_an_element_begins(
        self, before: bytes, whole: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(markup, "LARGEST_PARSED_AT_ONCE", whole)
        monkeypatch.setattr(markup, "CHUNK", 7)
        one = DECLARATION + b"\n<m>\n<r>1</r><r\n>2</r>\n\n<r>3</r></m>\n"
        elements = Elements(put(tmp_path, before + one + one), ["r"])

        # A start tag ends on the line that counts. The second document begins on the sixth line of the first.
        lines = [elements.line_of(element) - before.count(b"\n") for element in elements]
        assert lines == [3, 4, 6, 9, 10, 12]

    def test_says_so_beyond_the_lines_that_libxml2_counts_in_two_bytes(self, tmp_path: Path) -> None:
        elements = Elements(put(tmp_path, b"<m>" + b"\n" * 70_000 + b"<r>1</r>\n<r>2</r></m>"), ["r"])

        assert [elements.line_of(element) for element in elements] == [70_001, 70_002]

    def test_a_declaration_within_a_text_begins_no_document(self, tmp_path: Path) -> None:
        path = put(tmp_path, b"<m><r><![CDATA[<?xml version='1.0'?><x/>]]></r><r>2</r></m>")

        assert texts_of(path) == ["<?xml version='1.0'?><x/>", "2"]

    def test_any_number_of_them_takes_no_more_time_than_other_text(self, tmp_path: Path) -> None:
        text = b"<?xml " * 100_000 + (b"<?xml " + b" " * 200) * 5_000
        started = time.process_time()

        assert texts_of(put(tmp_path, b"<m><r><![CDATA[" + text + b"]]></r></m>")) == [text.decode()]
        assert time.process_time() - started < 2, "each would otherwise cost a copy of the whole chunk"

    def test_a_declaration_on_the_border_of_a_chunk_begins_a_document(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = codecs.BOM_UTF8.join([DECLARATION + b"<m><r>1</r></m>\n"] * 40)
        path = put(tmp_path, content)
        for size in (7, 64, 97):
            monkeypatch.setattr(markup, "CHUNK", size)
            assert texts_of(path) == ["1"] * 40

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
    def test_reads_utf_16_that_has_its_mark(
        self, encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = '<?xml version="1.0" encoding="UTF-16"?>\n<m><r>é</r><r>汤加</r></m>'
        mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
        path = put(tmp_path, mark + (text + "\n" + text).encode(encoding))

        assert texts_of(path) == ["é", "汤加"] * 2
        monkeypatch.setattr(markup, "CHUNK", 9)
        assert texts_of(path) == ["é", "汤加"] * 2

    @pytest.mark.parametrize("encoding", ["windows-1252", "iso-8859-15", "us-ascii", "UTF-8"])
    def test_reads_the_encodings_that_people_use(self, encoding: str, tmp_path: Path) -> None:
        text = f'<?xml version="1.0" encoding="{encoding}"?><r>caf&#233;</r>'

        assert texts_of(put(tmp_path, text.encode("ascii"))) == ["café"]


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "rule_id"),
        [
            (b"", "R001"),
            (b" \n\t", "R001"),
            (codecs.BOM_UTF8, "R001"),
            (b"<m><r>a\0b</r></m>", "R016"),
            ("<m/>".encode("utf-16-le"), "R016"),
            (b'<!DOCTYPE m [<!ENTITY x "y">]><m>&x;</m>', "R020"),
            (b'<m/><?xml version="1.0"?><!doctype m><m/>', "R020"),
            ("\ufeff<!DOCTYPE m><m/>".encode("utf-16-le"), "R020"),
            (b"Item,Value\n1,2\n", "R022"),
            (b"PK\x03\x04rest of an archive", "R022"),
            (DECLARATION, "R022"),
            (b"<m><r>1</r>", "R022"),
            (b"<m><r>1</s></m>", "R022"),
            (b"<m>fish & chips</m>", "R022"),
            (b"<m>&unknown;</m>", "R022"),
            (b"<m>\xe9</m>", "R022"),
            (b"<m/><m/>", "R022"),
            (codecs.BOM_UTF16_LE + "<m>".encode("utf-16-le") + b"\x00\xd8", "R004"),
            (b'<?xml version="1.0" encoding="UTF-16"?><m/>', "R004"),
        ],
    )
    def test_each_has_its_rule(self, content: bytes, rule_id: str, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, content)).rule_id == rule_id

    @pytest.mark.parametrize(
        "content",
        [
            b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE m+AD4-<m/>',
            '<?xml version="1.0" encoding="IBM037"?><!DOCTYPE m><m/>'.encode("cp037"),
            b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><m/>',
            b'<?xml version="1.0" encoding="../../etc"?><m/>',
        ],
    )
    def test_no_encoding_in_which_a_document_type_could_hide_is_read(
        self, content: bytes, tmp_path: Path
    ) -> None:
        assert refusal(put(tmp_path, content)).rule_id == "R022"

    def test_a_document_type_on_the_border_of_a_chunk_is_seen(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = put(tmp_path, b"<m><r>1</r></m>\n" + DECLARATION + b"<!DOCTYPE m><m/>")
        for size in range(1, 60):
            monkeypatch.setattr(markup, "CHUNK", size)
            assert refusal(path).rule_id == "R020"

    def test_names_the_line_over_all_documents_and_quotes_nothing(self, tmp_path: Path) -> None:
        good = DECLARATION + b"\n<m>\n<r>1</r>\n</m>\n"
        path = put(tmp_path, good * 2 + DECLARATION + b"\n<m>\n<Vakacegu>\n</m>\n")

        error = refusal(path)
        assert (error.rule_id, error.details["line"]) == ("R022", "12")
        assert error.details["found"] == "an element is closed under another name"
        assert error.details["found_fr"] == "un élément est fermé sous un autre nom"

    def test_names_the_line_of_a_nul_byte(self, tmp_path: Path) -> None:
        assert refusal(put(tmp_path, b"<m>\n<r>\n\0</r></m>")).details["line"] == "3"

    def test_nesting_and_texts_have_a_limit(self, tmp_path: Path) -> None:
        deep = b"<m>" + b"<x>" * 400 + b"</x>" * 400 + b"</m>"
        long = b"<m><r>" + b"x" * (11 << 20) + b"</r></m>"
        attribute = b'<m><r a="' + b"x" * (11 << 20) + b'"/></m>'

        for content in (deep, long, attribute):
            error = refusal(put(tmp_path, content))
            assert error.rule_id == "R022"
            assert error.details["found"] == "it is nested too deeply, or one text of it is too long"

    def test_one_record_has_a_largest_size(self, tmp_path: Path) -> None:
        error = refusal(put(tmp_path, b"<m>" + b"<junk>of no use</junk>" * 900_000 + b"<r/></m>"))

        assert (error.rule_id, error.details["expected"]) == ("R019", "16 MB for one record")

    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
    def test_any_bytes_give_elements_or_a_refusal(self, content: bytes, tmp_path: Path) -> None:
        path = put(tmp_path, content)
        with suppress(ExtractError):
            for element in Elements(path, ["r", "m"]):
                assert all(isinstance(text, str) for text in texts(element).values())
            root_name(path)

    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(content=st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
    def test_a_document_parsed_at_once_gives_what_one_that_is_fed_gives(
        self, content: bytes, tmp_path: Path
    ) -> None:
        path = put(tmp_path, b"<m><r/>" + content + b"<r>1</r></m>")

        def found(largest_at_once: int) -> list[bytes] | dict[str, str]:
            """The document as it stands when each element has ended, or the refusal."""
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(markup, "LARGEST_PARSED_AT_ONCE", largest_at_once)
                try:
                    return [
                        etree.tostring(element) + etree.tostring(element.getroottree())
                        for element in Elements(path, ["r", "m"])
                    ]
                except ExtractError as error:
                    return {"rule": error.rule_id, **error.details}

        assert found(1 << 20) == found(0)


class TestKinds:
    KIND = DocumentKind(("m", "n"), "letters", "lettres", mark="r")

    def test_a_document_of_another_kind_among_them_refuses_the_file(self, tmp_path: Path) -> None:
        path = put(tmp_path, DECLARATION + b"<m><r>1</r></m>" + DECLARATION + b"<other><s>2</s></other>")

        with pytest.raises(ExtractError) as caught:
            list(Elements(path, ["r"], self.KIND))

        assert caught.value.rule_id == "R014"
        assert caught.value.details == {
            "expected": "letters",
            "expected_fr": "lettres",
            "found": "the element other",
            "found_fr": "l’élément other",
        }
        assert texts_of(path) == ["1"], "where no kind is named it is passed over"

    def test_one_with_another_root_that_bears_the_mark_is_of_the_kind(self, tmp_path: Path) -> None:
        path = put(tmp_path, b"<other><r>2</r></other>")

        assert len(list(Elements(path, ["r"], self.KIND))) == 1
        with pytest.raises(ExtractError):
            list(Elements(path, ["r"], DocumentKind(("m",), "letters", "lettres")))

    def test_documents_of_the_roots_named_are_read(self, tmp_path: Path) -> None:
        path = put(
            tmp_path, DECLARATION + b"<m><r>1</r></m>" + DECLARATION + b'<x:n xmlns:x="u"><x:r/></x:n>'
        )

        assert len(list(Elements(path, ["r"], self.KIND))) == 2


class TestMemory:
    """Peak memory of a process that reads a document of 60 MB, made of one piece over and over."""

    PROGRAM = """
import re, sys
from pathlib import Path
from pacific_parcels.markup import Elements
print(sum(1 for _ in Elements(Path(sys.argv[1]), ["r"])))
print(int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""

    @pytest.mark.parametrize(
        "piece",
        [
            b"<r><a>" + b"x" * 900 + b"</a></r>\n",
            b"<junk>" + b"x" * 900 + b"</junk>\n<r/>",
            b"<group><r>" + b"x" * 900 + b"</r></group>\n",
        ],
        ids=["records", "records and what nobody asks for", "each record in a parent of its own"],
    )
    def test_does_not_grow_with_the_file(self, piece: bytes, tmp_path: Path) -> None:
        count = (60 << 20) // len(piece)
        path = tmp_path / "large.xml"
        with path.open("wb") as file:
            file.write(b"<m>")
            for _ in range(count):
                file.write(piece)
            file.write(b"</m>")

        run = subprocess.run(
            [sys.executable, "-c", self.PROGRAM, str(path)], capture_output=True, text=True, check=True
        )
        records, peak_mb = map(int, run.stdout.split())
        assert records == count
        assert peak_mb < 60, "the file alone has 60 MB"


class TestRootName:
    def test_is_the_name_without_its_namespace(self, tmp_path: Path) -> None:
        assert root_name(put(tmp_path, b'<!-- x --><n:Root xmlns:n="urn:n"/>')) == "Root"

    def test_is_known_before_the_rest_is_read(self, tmp_path: Path) -> None:
        path = put(tmp_path, DECLARATION + b"<ASYCUDA>" + b" " * 5000 + b"<broken")

        assert root_name(path) == "ASYCUDA"

    @pytest.mark.parametrize(
        ("content", "rule_id"), [(b"", "R001"), (b"a,b\n", "R022"), (b"<!DOCTYPE m><m/>", "R020")]
    )
    def test_of_what_is_no_xml_is_a_refusal(self, content: bytes, rule_id: str, tmp_path: Path) -> None:
        with pytest.raises(ExtractError) as refused:
            root_name(put(tmp_path, content))
        assert refused.value.rule_id == rule_id


@pytest.fixture
def item(tmp_path: Path) -> markup.etree._Element:
    path = put(
        tmp_path,
        b'<r xmlns="urn:n"><Price> 12.5 </Price><Code><null/></Code><Line><Code>A</Code></Line>'
        b"<Line><Code>B</Code><Rate>5</Rate></Line><Name>Mere</Name></r>",
    )
    return next(iter(Elements(path, ["r"])))


class TestTexts:
    def test_are_by_path_the_first_of_each_and_never_empty(self, item: markup.etree._Element) -> None:
        assert texts(item) == {"Price": "12.5", "Line/Code": "A", "Line/Rate": "5", "Name": "Mere"}

    def test_leave_out_what_is_not_wanted(self, item: markup.etree._Element) -> None:
        assert texts(item, without=("Line", "Name")) == {"Price": "12.5"}

    def test_are_the_same_however_many_names_were_met_before(
        self, item: markup.etree._Element, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        met = texts(item)
        monkeypatch.setattr(markup, "_FROM_HERE", markup._Paths(""))
        monkeypatch.setattr(markup._Paths, "MOST", 0)

        assert texts(item) == met
        assert not markup._FROM_HERE, "what is kept of names has a limit"

    def test_by_name_alone_are_the_first_of_each(self, item: markup.etree._Element) -> None:
        assert texts_by_name(item, without=("Name",)) == {"Price": "12.5", "Code": "A", "Rate": "5"}
        assert texts(item, without=()).keys() == {"Price", "Line/Code", "Line/Rate"}

    def test_at_one_path_is_empty_where_it_is_absent_or_null(self, item: markup.etree._Element) -> None:
        paths = ("Price", "Code", "Line/Code", "Line/Rate", "Nothing/Here")
        assert [text_at(item, path) for path in paths] == ["12.5", "", "A", "", ""]


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "figure"),
        [("12.50", "12.50"), ("-3", "-3"), ("1.2E7", "12000000"), ("5e-2", "0.05"), ("7.", "7")],
    )
    def test_are_read_with_or_without_exponent(self, text: str, figure: str) -> None:
        assert number(text) == Decimal(figure)

    @pytest.mark.parametrize("text", ["", "NaN", "Infinity", "1,5", "1e999999999", "٣", "12 ", "9" * 16])
    def test_nothing_else_is_one(self, text: str) -> None:
        assert number(text) is None
        assert plain_number(text) == text

    def test_lose_their_exponent_and_nothing_else(self) -> None:
        assert [plain_number(text) for text in ("1.2E3", "5e-2", "12.50", "Eggs")] == [
            "1200",
            "0.05",
            "12.50",
            "Eggs",
        ]
