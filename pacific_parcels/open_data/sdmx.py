"""The indicators in SDMX: the structures of the cube, and its data.

    structure_2_1.xml, structure_3_0.xml   concepts, code lists, data structure and dataflow, SDMX-ML
    data.sdmx.csv                          SDMX-CSV 2.0
    data_2_1.xml, data_3_0.xml             SDMX-ML, structure specific, one Series for each key

Ids are those that the Pacific Community (SPC) uses in PACComtrade and in the Pacific Data Hub, and so are
codes that mean the same: `_T`, ISO 3166-1, sections I to XXI, 42 for post and courier. The lists are the
OCO's own nevertheless, for they hold codes that SPC's need not hold; each says which list of SPC it follows.

TRADE_FLOW and TRANSPORT are attributes and no dimensions: every figure is about imports, and the mode follows
from the channel. As dimensions they would make the key longer and tell no two figures apart.

A figure that is missing (OBS_STATUS M) or confidential (CONF_STATUS C) is an observation without OBS_VALUE:
never 0, and no NaN, which readers turn into text or refuse. The action is Replace, so that a figure that was
published once and is withheld now goes from the database it is loaded into.

Structures and the frames of the data messages are pysdmx's. The observations are written by DuckDB, since
pysdmx holds all of a message in memory, several times over; both messages share one body.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
from lxml import etree
from pysdmx.io import write_sdmx
from pysdmx.io.format import Format
from pysdmx.io.pd import PandasDataset
from pysdmx.model import (
    Annotation,
    Code,
    Codelist,
    Component,
    Components,
    Concept,
    ConceptScheme,
    Dataflow,
    DataStructureDefinition,
    DataType,
    Organisation,
    Role,
    Schema,
)
from pysdmx.model.dataset import ActionType
from pysdmx.model.message import Header

from pacific_parcels.layout import quoted
from pacific_parcels.open_data.codes import TOTAL, CodeLists, fixed_list
from pacific_parcels.open_data.publication import Publication
from pacific_parcels.open_data.words import Text, words

AGENCY = "OCO"
VERSION = "1.0"
CONCEPTS = "CS_SMALL_PARCELS"
STRUCTURE = "DSD_SMALL_PARCELS"
DATAFLOW = "DF_SMALL_PARCELS"
DATAFLOW_ID = f"{AGENCY}:{DATAFLOW}({VERSION})"
TIME = "TIME_PERIOD"

STRUCTURE_FILES = {
    "structure_2_1.xml": Format.STRUCTURE_SDMX_ML_2_1,
    "structure_3_0.xml": Format.STRUCTURE_SDMX_ML_3_0,
}
DATA_FILES = {
    "data_2_1.xml": Format.DATA_SDMX_ML_2_1_STR,
    "data_3_0.xml": Format.DATA_SDMX_ML_3_0,
}
CSV_FILE = "data.sdmx.csv"
FILES = (*STRUCTURE_FILES, *DATA_FILES, CSV_FILE)

ROMAN = (
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI",
    "XVII", "XVIII", "XIX", "XX", "XXI",
)  # fmt: skip
# Where SPC's code for the same thing is another one than ours.
SPC_CODES: dict[str, dict[str, str]] = {
    "commodity_code": {f"S{number:02d}": numeral for number, numeral in enumerate(ROMAN, 1)},
    "unit_measure": {"NUMBER": "NMB", "KG": "KGM"},
}
# Modes of PACComtrade: 1 air, 21 sea, 42 post, mail or courier.
TRANSPORT_OF_CHANNEL = {
    TOTAL: TOTAL,
    "POSTAL_LETTER": "42",
    "POSTAL_PARCEL": "42",
    "EXPRESS_POST": "42",
    "EXPRESS_CARRIER": "42",
    "AIR_CARGO": "1",
    "SEA_CARGO": "21",
}
IMPORTS = "M1"


@dataclass(frozen=True)
class Part:
    """One component of the data structure.

    column     the column of the indicators, or the name in `words.yml`, that it is made from
    code_list  its id at the OCO; None where the values are no codes
    spc        the list of SPC whose codes it shares
    level      what an attribute belongs to: O the observation, else a dimension
    """

    id: str
    column: str
    role: Literal["dimension", "measure", "attribute"]
    code_list: str | None = None
    spc: str | None = None
    level: str = "O"
    is_required: bool = True


PARTS = (
    Part("FREQ", "frequency", "dimension", "CL_FREQ", "SPC:CL_COM_FREQ(1.0)"),
    Part("GEO_PICT", "member_code", "dimension", "CL_MEMBER", "SPC:CL_COM_GEO_PICT(2.0)"),
    Part("INDICATOR", "indicator_code", "dimension", "CL_SMALL_PARCELS_INDICATOR"),
    Part("CHANNEL", "channel_code", "dimension", "CL_CHANNEL"),
    Part("VALUE_BAND", "value_band_code", "dimension", "CL_VALUE_BAND"),
    Part("COUNTERPART", "counterpart_code", "dimension", "CL_COUNTERPART", "SPC:CL_COM_GEO_AREA(2.0)"),
    Part("COMMODITY", "commodity_code", "dimension", "CL_HS_SECTION", "SPC:CL_COM_HS2022(1.0)"),
    Part(TIME, "time_period", "dimension"),
    Part("OBS_VALUE", "obs_value", "measure", is_required=False),
    Part("TRADE_FLOW", "trade_flow", "attribute", "CL_TRADE_FLOW", "SPC:CL_COM_TRADE_FLOW(1.0)", "INDICATOR"),
    Part("TRANSPORT", "transport", "attribute", "CL_TRANSPORT", "SPC:CL_COM_TRANSPORT(1.0)", "CHANNEL"),
    Part(
        "UNIT_MEASURE",
        "unit_measure",
        "attribute",
        "CL_UNIT_MEASURE",
        "SPC:CL_PACCOMTRADE_UNIT_MEASURE(1.0)",
        "INDICATOR",
    ),
    Part("UNIT_MULT", "unit_mult", "attribute", "CL_UNIT_MULT", "SPC:CL_COM_UNIT_MULT(1.0)", "INDICATOR"),
    Part("OBS_STATUS", "obs_status", "attribute", "CL_OBS_STATUS", "SPC:CL_COM_OBS_STATUS(1.0)"),
    Part("CONF_STATUS", "conf_status", "attribute", "CL_CONF_STATUS", "SPC:CL_COM_CONF_STATUS(1.0)"),
    Part("COVERAGE_PCT", "coverage_pct", "attribute", is_required=False),
    Part("REVISION_LOWER", "revision_lower", "attribute", is_required=False),
    Part("REVISION_UPPER", "revision_upper", "attribute", is_required=False),
    Part("MODEL_LOWER", "model_lower", "attribute", is_required=False),
    Part("MODEL_UPPER", "model_upper", "attribute", is_required=False),
    Part("OBS_COMMENT", "obs_comment", "attribute", is_required=False),
)
_SERIES = [part for part in PARTS if part.id != TIME and (part.role == "dimension" or part.level != "O")]
_OBSERVATION = [part for part in PARTS if part not in _SERIES]


def write_sdmx_files(
    publication: Publication, connection: duckdb.DuckDBPyConnection, lists: CodeLists, folder: Path
) -> None:
    """Write FILES into a folder, out of the published file that `connection` has open."""
    structure = structures(lists, publication.description)
    for name, kind in STRUCTURE_FILES.items():
        _write_structures(structure, kind, publication, folder / name)
    observations = _observations(publication.is_synthetic)
    _copy_csv(connection, observations, folder / CSV_FILE)
    body = folder / ".series"
    _copy_series(connection, observations, body)
    no_observations = connection.execute(f"{observations} limit 0").df()
    for name, kind in DATA_FILES.items():
        before, after = _frame(structure, kind, publication, no_observations)
        with (folder / name).open("wb") as file, body.open("rb") as series:
            file.write(before)
            shutil.copyfileobj(series, file, 1 << 20)
            file.write(after)
    body.unlink()


@dataclass(frozen=True)
class Structures:
    """What describes the cube; `french` holds the French name and description of each, by class and ids."""

    code_lists: list[Codelist]
    concepts: ConceptScheme
    definition: DataStructureDefinition
    dataflow: Dataflow
    french: dict[tuple[str, ...], tuple[str, str | None]]


def structures(lists: CodeLists, description: Text) -> Structures:
    """The structures of a cube with these code lists."""
    french: dict[tuple[str, ...], tuple[str, str | None]] = {}
    columns, title = words()["columns"], words()["dataset"]["title"]
    code_lists: dict[str, Codelist] = {}
    concepts: list[Concept] = []
    components: list[Component] = []
    for part in PARTS:
        text = columns[part.column]
        concept = Concept(
            part.id,
            urn=f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={AGENCY}:{CONCEPTS}({VERSION}).{part.id}",
            name=text["title"]["en"],
            description=text["definition"]["en"],
        )
        concepts.append(concept)
        french["Concept", CONCEPTS, part.id] = text["title"]["fr"], text["definition"]["fr"]
        if part.code_list:
            code_lists[part.id] = _code_list(part, part.code_list, lists, french)
        components.append(_component(part, concept, code_lists.get(part.id)))
    scheme = ConceptScheme(CONCEPTS, agency=AGENCY, version=VERSION, name=title["en"], items=concepts)
    definition = DataStructureDefinition(
        STRUCTURE, agency=AGENCY, version=VERSION, name=title["en"], components=Components(components)
    )
    dataflow = Dataflow(
        DATAFLOW,
        agency=AGENCY,
        version=VERSION,
        name=title["en"],
        description=description["en"],
        structure=definition,
    )
    french["ConceptScheme", CONCEPTS] = french["DataStructure", STRUCTURE] = title["fr"], None
    french["Dataflow", DATAFLOW] = title["fr"], description["fr"]
    return Structures(list(code_lists.values()), scheme, definition, dataflow, french)


def _code_list(
    part: Part, identity: str, lists: CodeLists, french: dict[tuple[str, ...], tuple[str, str | None]]
) -> Codelist:
    codes = lists.get(part.column) or fixed_list(part.column)
    other = SPC_CODES.get(part.column, {})
    items = []
    for code in codes:
        name = other.get(code.code, code.code)
        items.append(Code(name, name=code.name["en"]))
        french["Code", identity, name] = code.name["fr"], None
    title = words()["columns"][part.column]["title"]
    kept = words()["same_codes" if part.spc else "own_codes"]
    french["Codelist", identity] = title["fr"], kept["fr"].format(spc=part.spc)
    annotations = [Annotation(id="SAME_CODES_AS", type="SAME_CODES_AS", title=part.spc)] if part.spc else []
    return Codelist(
        identity,
        agency=AGENCY,
        version=VERSION,
        name=title["en"],
        description=kept["en"].format(spc=part.spc),
        items=items,
        annotations=annotations,
    )


def _component(part: Part, concept: Concept, codes: Codelist | None) -> Component:
    if part.id == TIME:
        data_type = DataType.PERIOD
    elif codes or part.id == "OBS_COMMENT":
        data_type = DataType.STRING
    else:
        data_type = DataType.DOUBLE
    return Component(
        part.id,
        required=part.is_required,
        role={"dimension": Role.DIMENSION, "measure": Role.MEASURE, "attribute": Role.ATTRIBUTE}[part.role],
        concept=concept,
        local_dtype=data_type,
        local_codes=codes,
        attachment_level=part.level if part.role == "attribute" else None,
    )


def _header(publication: Publication, name: str) -> Header:
    return Header(
        id=f"{name}_{publication.run_id}".replace("-", "_"),
        test=publication.is_synthetic,
        prepared=publication.prepared_at,
        sender=Organisation(id=AGENCY),
    )


def _write_structures(structure: Structures, kind: Format, publication: Publication, path: Path) -> None:
    """pysdmx writes names in one language; the French ones are put beside them."""
    written = write_sdmx(
        [*structure.code_lists, structure.concepts, structure.definition, structure.dataflow],
        kind,
        header=_header(publication, STRUCTURE),
    )
    assert written is not None  # pysdmx returns the text when it is given no path
    root = etree.fromstring(written.encode(), etree.XMLParser(remove_blank_text=True))
    missing = set(structure.french)
    for element in root.iter("{*}Name", "{*}Description"):
        owner = element.getparent()
        assert owner is not None
        key: tuple[str, ...] = (etree.QName(owner).localname, owner.get("id", ""))
        parent = owner.getparent()
        if key[0] in ("Code", "Concept") and parent is not None:
            key = (key[0], parent.get("id", ""), key[1])
        name, description = structure.french[key]
        text = name if etree.QName(element).localname == "Name" else description
        if element.get("{http://www.w3.org/XML/1998/namespace}lang") == "en" and text:
            other = etree.Element(element.tag)
            other.set("{http://www.w3.org/XML/1998/namespace}lang", "fr")
            other.text = text
            element.addnext(other)
        missing.discard(key)
    assert not missing, missing
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _frame(
    structure: Structures, kind: Format, publication: Publication, no_observations: Any
) -> tuple[bytes, bytes]:
    """A data message of pysdmx without observations, cut where they belong."""
    schema = Schema(
        "dataflow",
        AGENCY,
        DATAFLOW,
        structure.definition.components,
        VERSION,
        generated=publication.prepared_at,
    )
    empty = PandasDataset(structure=schema, data=no_observations, action=ActionType.Replace)
    written = write_sdmx(
        empty, kind, header=_header(publication, DATAFLOW), dimension_at_observation={schema.short_urn: TIME}
    )
    assert written is not None
    before, after = written.encode().split(b"</mes:DataSet>")
    return before.rstrip() + b"\n", b"</mes:DataSet>" + after


def _observations(is_synthetic: bool) -> str:
    """SELECT of the observations, one column for each part, named by its id; `indicators` is a relation."""
    transport = mapped("channel_code", TRANSPORT_OF_CHANNEL)
    made = {
        "trade_flow": quoted(IMPORTS),
        "transport": transport,
        "obs_comment": quoted("SYNTHETIC") if is_synthetic else "null",
        **{column: mapped(column, codes) for column, codes in SPC_CODES.items()},
    }
    columns = ", ".join(f"{made.get(part.column, part.column)} as {part.id}" for part in PARTS)
    return f"select {columns} from indicators"


def mapped(column: str, codes: dict[str, str]) -> str:
    cases = " ".join(f"when {quoted(ours)} then {quoted(theirs)}" for ours, theirs in codes.items())
    return f"case {column} {cases} else {column} end"


def _copy_csv(connection: duckdb.DuckDBPyConnection, observations: str, path: Path) -> None:
    connection.execute(
        f"copy (select 'dataflow' as STRUCTURE, {quoted(DATAFLOW_ID)} as STRUCTURE_ID, 'R' as ACTION, * "
        f"from ({observations})) to {quoted(str(path))} (format csv, header)"
    )


def _copy_series(connection: duckdb.DuckDBPyConnection, observations: str, path: Path) -> None:
    """One line for each series. Codes need no escaping: `code_lists` has refused any that would."""
    keys = [part.id for part in _SERIES]
    observation = "concat('<Obs', {}, '/>')".format(", ".join(_attribute(part.id) for part in _OBSERVATION))
    connection.execute(
        f"copy (select concat('<Series', {', '.join(map(_attribute, keys))}, '>', "
        f"string_agg({observation}, '' order by {TIME}), '</Series>') "
        f"from ({observations}) group by {', '.join(keys)} order by {', '.join(keys)}) "
        f"to {quoted(str(path))} (format csv, header false, quote '', escape '', delimiter '\x1f')"
    )


def _attribute(identity: str) -> str:
    """` ID="value"`, and nothing where there is no value: concat leaves nulls out."""
    return f"' {identity}=\"' || {identity} || '\"'"
