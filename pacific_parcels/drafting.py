"""A first member file from one sample: what was guessed is marked as a guess, with the reason.

    pacific-parcels members new xx --sample FILE

The format is told by the first bytes; of delimited text also the encoding, the separator and the header row.
Contract columns are guessed by the names of the columns in English and French and by their values; forms of
dates, the decimal sign and code lists by the values alone. What the sample cannot decide (03/04/2026) is
marked AMBIGUOUS, and a column that nobody can place is ignored and marked TO BE DECIDED. Facts about the
member (currency, time zone, names) are never guessed: they come from its packaged file or from the caller.

Values of the sample get into the file only where they are codes; identifiers and free text never do.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pacific_parcels.contract import COLUMNS_BY_NAME, SUPPLIED_COLUMNS
from pacific_parcels.errors import ExtractError, MemberFileError, PacificParcelsError
from pacific_parcels.formats import RegularText, format_names, load_format
from pacific_parcels.formats.delimited import SEPARATORS
from pacific_parcels.members import Member, load_members, read_member
from pacific_parcels.settings import Settings
from pacific_parcels.unwrapping import unwrap

ROWS_LOOKED_AT = 2000
BYTES_LOOKED_AT = 1 << 20
HEADER_ROWS_TRIED = 10
LIKE_ENOUGH = 0.86
MOST_CODES = 25
AS_YOU_SAID = "as you said"
WORKBOOK = b"PK\x03\x04"

# Names by which the columns of the contract go in exports, as `plain` writes them.
NAMES: dict[str, tuple[str, ...]] = {
    "item_id": (
        *("item id", "item no", "item number", "item", "waybill", "waybill number", "house waybill", "hawb"),
        *(
            "awb",
            "tracking number",
            "tracking no",
            "tracking",
            "tracking id",
            "barcode",
            "bar code",
            "parcel id",
            "parcel number",
            "parcel no",
            "s10",
        ),
        *(
            "waybill no",
            "article number",
            "numero de colis",
            "no de colis",
            "numero d envoi",
            "numero de suivi",
            "code barres",
            "lta",
        ),
        *("identifiant", "identifier", "consignment number", "reference"),
    ),
    "channel_code": (
        *("mode", "mode of transport", "transport mode", "channel", "mail class", "service", "mail type"),
        *("canal", "mode de transport", "mode d acheminement", "categorie d envoi", "type d envoi"),
    ),
    "customs_office_code": (
        *("office", "customs office", "office code", "clearance office", "customs clearance office code"),
        *("bureau", "bureau de douane", "code bureau"),
    ),
    "port_code": (
        *("port", "port of entry", "place of discharge", "port of discharge", "place of entry", "airport"),
        *("port d entree", "lieu de dechargement", "port de dechargement", "aeroport"),
    ),
    "origin_country_code": (
        *("origin", "country of origin", "origin country", "country of origin code", "pays d origine"),
        *("origine", "pays origine"),
    ),
    "consignment_country_code": (
        *("country of export", "country of consignment", "export country", "country of dispatch"),
        *("dispatch country", "pays de provenance", "provenance", "pays d exportation", "pays d expedition"),
    ),
    "hs_code": (
        *("hs", "hs code", "commodity code", "tariff code", "tariff", "hs6", "sh", "code sh"),
        *("position tarifaire", "code tarifaire", "nomenclature"),
    ),
    "goods_description": (
        *("description", "goods", "goods description", "description of goods", "commercial description"),
        *("contents", "commodity", "designation", "designation commerciale", "marchandises", "contenu"),
    ),
    "declared_value": (
        *(
            "value",
            "declared value",
            "customs value",
            "invoice value",
            "item value",
            "cif value",
            "fob value",
        ),
        *("valeur", "valeur declaree", "valeur en douane", "montant", "valeur caf", "valeur fob"),
    ),
    "declared_currency_code": (
        *("currency", "currency code", "invoice currency", "value currency", "devise", "monnaie"),
        *("code devise",),
    ),
    "valuation_basis_code": ("incoterm", "valuation basis", "terms of delivery", "base de valeur"),
    "duty_amount": (
        *("duty", "import duty", "customs duty", "fiscal duty", "duty amount"),
        *("droits", "droits de douane", "droit de douane"),
    ),
    "tax_amount": ("vat", "gst", "tax", "vat amount", "gst amount", "taxes", "tva", "tgc", "montant tva"),
    "fee_amount": ("fee", "fees", "charges", "frais", "redevance", "redevances"),
    "revenue_currency_code": ("duty currency", "revenue currency", "devise des droits"),
    "gross_mass_kg": (
        *("weight", "gross weight", "gross mass", "mass", "weight kg", "gross weight kg", "weight g"),
        *("poids", "poids brut", "masse", "masse brute", "poids kg", "poids g", "gross mass kg"),
    ),
    "pieces_count": (
        *("pieces", "packages", "number of packages", "quantity", "qty", "number of pieces"),
        *("colis", "nombre de colis", "nombre de pieces"),
    ),
    "posted_at": ("posted", "posting date", "date posted", "date de depot", "acceptance date"),
    "advance_data_at": ("advance data", "ead received", "itmatt received", "donnees prealables"),
    "arrival_date": (
        *("arrival date", "arrived", "date of arrival", "arrival", "date d arrivee", "arrivee"),
        *("date arrivee",),
    ),
    "lodgement_at": (
        *("registration", "registration date", "lodged", "lodgement date", "declaration date", "presented"),
        *("presentation date", "date de declaration", "date d enregistrement", "enregistrement"),
    ),
    "release_at": (
        *("release", "released", "release date", "date released", "date de mainlevee", "mainlevee"),
        *("bae", "date bae"),
    ),
    "declaration_type_code": ("model", "declaration type", "type of declaration", "type de declaration"),
    "selectivity_lane_code": ("lane", "selectivity lane", "selectivity", "colour", "color", "circuit"),
    "is_inspected": ("inspected", "examined", "inspecte", "controle", "verifie", "visite"),
    "inspection_result_code": (
        *("examination result", "inspection result", "result", "resultat", "resultat du controle"),
    ),
    "outcome_code": ("status", "outcome", "statut", "issue", "etat"),
}
CODES: dict[str, dict[str | bool, tuple[str, ...]]] = {
    "channel_code": {
        "POSTAL_LETTER": ("lc", "letter", "letters", "letter post", "cn22", "lettre", "lettres", "u"),
        "POSTAL_PARCEL": ("cp", "parcel", "parcels", "parcel post", "colis", "colis postal", "cn23", "c"),
        "EXPRESS_POST": ("ems", "e", "express mail", "chronopost"),
        "EXPRESS_CARRIER": ("cr", "courier", "express", "carrier", "express carrier", "messagerie"),
        "AIR_CARGO": ("air", "air cargo", "air freight", "fret aerien", "aerien", "4"),
        "SEA_CARGO": ("sea", "sea cargo", "sea freight", "fret maritime", "maritime", "1"),
    },
    "declaration_type_code": {
        "SIMPLIFIED": ("simplified", "sd4", "simplifie", "simplifiee", "low value"),
        "FULL": ("full", "im4", "complete", "complet", "dau", "sad"),
    },
    "selectivity_lane_code": {
        "GREEN": ("g", "green", "vert", "v"),
        "YELLOW": ("y", "yellow", "jaune", "j"),
        "RED": ("r", "red", "rouge"),
        "BLUE": ("b", "blue", "bleu"),
    },
    "inspection_result_code": {
        "NONE_FOUND": ("ok", "none", "conform", "conforme", "ras"),
        "IRREGULAR": ("irr", "irregular", "discrepancy", "irregularite", "non conforme"),
    },
    "outcome_code": {
        "RELEASED": ("released", "delivered", "libere", "mainlevee", "livre"),
        "HELD": ("held", "detained", "retenu"),
        "RETURNED": ("returned", "renvoye", "retourne"),
        "SEIZED": ("seized", "saisi"),
        "DESTROYED": ("destroyed", "detruit"),
    },
    "valuation_basis_code": {"CIF": ("cif", "caf"), "FOB": ("fob", "fab"), "INTRINSIC": ("intrinsic",)},
    "is_inspected": {True: ("y", "yes", "true", "1", "oui", "o"), False: ("n", "no", "false", "0", "non")},
}
PERSONAL = frozenset(
    (
        *(
            "consignee",
            "consignor",
            "name",
            "names",
            "address",
            "phone",
            "tel",
            "telephone",
            "mobile",
            "email",
        ),
        *("mail", "exporter", "importer", "shipper", "sender", "receiver", "recipient", "addressee"),
        *("declarant", "destinataire", "expediteur", "nom", "prenom", "adresse", "courriel", "importateur"),
        *("exportateur", "passport", "passeport", "tin", "nif"),
    )
)
NOTHING = frozenset(("-", "--", "n/a", "na", "n.a.", "null", "none", "nil", "nd", "n.d.", "s/o"))
MEMBER_NAMES = frozenset(("country", "country code", "member", "reporting country", "pays", "code pays"))
# Forms of dates; those that differ in the order of day and month only stand under one another.
DAYS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y"),
    *("%d.%m.%Y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d %b %Y", "%d-%b-%y"),
)
TIMES = (" %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M")
FORMS = (*DAYS, *(f"{day}{time}" for day in DAYS for time in TIMES), "%Y%m%d%H%M", "%Y%m%d%H%M%S")
PLACEHOLDERS = (
    (r"(?<!\d)20\d{2}-(?:0[1-9]|1[0-2])(?![\d-])", "{period}"),
    (r"(?<!\d)20\d{2}-Q[1-4](?!\d)", "{quarter}"),
    (r"(?<!\d)20\d{2}(?:0[1-9]|1[0-2])(?!\d)", "{yyyymm}"),
    (r"(?<![\d-])20\d{2}(?![\d-])", "{year}"),
)
MESSAGE_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
CADENCES = {"{quarter}": "QUARTERLY", "{year}": "ANNUAL"}


@dataclass(frozen=True)
class Facts:
    """What is known of a member and never guessed; None where the packaged member file is to say it."""

    currency: str | None = None
    time_zone: str | None = None
    name_en: str | None = None
    name_fr: str | None = None
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Sample:
    """A sample as its format reads it: `values` are those of the first rows, by source column."""

    format: str
    options: dict[str, Any]
    columns: tuple[str, ...]
    values: dict[str, list[str]]
    reasons: tuple[str, ...]


@dataclass
class Draft:
    """The layout as it takes shape: contract columns with their YAML and the reason for the guess."""

    sample: Sample
    mapped: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def plain(text: str) -> str:
    """Lower case, without accents, words apart by one space: `Pays d'Origine` is `pays d origine`."""
    decomposed = unicodedata.normalize("NFKD", text)
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign)).lower()
    return " ".join(re.findall(r"[a-z0-9]+", letters))


# ---- the sample ------------------------------------------------------------------------------------------


def read_sample(path: Path) -> Sample:
    """Errors: ExtractError when no format can read it."""
    with tempfile.TemporaryDirectory(prefix="pacific-parcels-") as folder:
        path = unwrap(path, Path(folder), joins_documents=False)
        name, options, reasons = _recognise(path)
        for index, attempt in enumerate(_attempts(name, options)):
            scratch = Path(folder) / str(index)
            scratch.mkdir()
            module = load_format(name)
            # With a zone, for times that have an offset; which one is of no account here.
            zone = {"time_zone": "UTC"} if "time_zone" in module.Options.model_fields else {}
            try:
                text = module.read(path, module.Options.model_validate(attempt | zone), scratch)
            except ExtractError as error:
                if error.rule_id == "R004" and attempt.get("encoding") == "utf-8":
                    continue
                raise
            if attempt != options:
                reasons = (*reasons, "encoding: not UTF-8 further down; cp1252 or latin-1")
            return Sample(name, attempt, text.columns, _first_values(text), reasons)
    raise ExtractError("R004", expected="utf-8")


def _attempts(name: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    if name == "delimited" and options.get("encoding") == "utf-8":
        return [options, options | {"encoding": "cp1252"}]
    return [options]


def _first_values(text: RegularText) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {column: [] for column in text.columns}
    with text.path.open(encoding="utf-8-sig", newline="") as file:
        for _ in range(text.skip):
            next(file, None)
        csv.field_size_limit(BYTES_LOOKED_AT)
        records = csv.reader(file, delimiter=text.delimiter, quotechar=text.quote)
        for row, record in enumerate(islice(records, ROWS_LOOKED_AT), text.skip + 1):
            fields = record[1:] if text.has_source_row else record
            if text.last_is_row:
                fields = [*fields[: len(text.columns) - 1], str(row)]
            for column, value in zip(text.columns, fields, strict=False):
                if value.strip():
                    values[column].append(value.strip())
    return values


def _recognise(path: Path) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Name of the format, its options, and why. Each format of a fixed shape is asked first."""
    with path.open("rb") as file:
        start = file.read(BYTES_LOOKED_AT)
    if not start:
        raise ExtractError("R001")
    for name in format_names():
        module = load_format(name)
        if not hasattr(module, "COLUMNS"):
            continue
        try:
            header = module.header(path, module.Options())
        except (ExtractError, ValidationError):
            continue
        if sorted(header.columns) != sorted(module.COLUMNS):
            continue
        return name, {}, (f"format: the file begins as a file of the format {name} does",)
    if start.startswith(WORKBOOK):
        return _workbook(path)
    return _delimited(start)


def _workbook(path: Path) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    module = load_format("xlsx")
    widths: dict[int, int] = {}
    for row in range(1, HEADER_ROWS_TRIED + 1):
        try:
            names = module.header(path, module.Options(header_row=row)).columns
        except ExtractError:
            if row == 1:
                raise
            break
        widths[row] = sum(1 for name in names if name and not re.fullmatch(r"[\d.,/: -]+", name))
    header_row = max(widths, key=lambda row: (widths[row], -row))
    options = {"header_row": header_row} if header_row > 1 else {}
    return "xlsx", options, ("options: the first sheet; the header is the first of its fullest rows",)


def _delimited(start: bytes) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    encoding, why = _encoding(start)
    lines = start.decode(encoding, "replace").lstrip("\ufeff").splitlines(keepends=True)[:400]
    best: tuple[int, str, int, int] = (0, ",", 1, 1)
    for sign in SEPARATORS:
        try:
            records = list(csv.reader(lines, delimiter=sign))
        except csv.Error:
            continue
        widths = Counter(len(record) for record in records if len(record) > 1)
        if widths:
            width, count = max(widths.items(), key=lambda item: (item[1] * item[0], item[0]))
            row = next(number for number, record in enumerate(records, 1) if len(record) == width)
            best = max(best, (count * width, sign, row, width), key=lambda found: found[0])
    _, sign, row, width = best
    options: dict[str, Any] = {"delimiter": sign, "encoding": encoding}
    if row > 1:
        options["header_row"] = row
    return (
        "delimited",
        options,
        (f"delimiter: splits the most rows into the same number of fields ({width})", f"encoding: {why}"),
    )


def _encoding(start: bytes) -> tuple[str, str]:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "the file begins with the mark of UTF-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8", "the file begins with the mark of UTF-8"
    if start.isascii():
        return "utf-8", "AMBIGUOUS: the sample has no letter with an accent, which alone would tell"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        if any(byte in start for byte in b"\x81\x8d\x8f\x90\x9d"):
            return "latin-1", "it is not UTF-8, and has bytes that cp1252 lacks"
        return "cp1252", "it is not UTF-8; AMBIGUOUS: latin-1 has the same letters, but no € and no œ"
    return "utf-8", "letters with accents are written as in UTF-8"


# ---- guesses ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signs:
    """How numbers are written in the sample."""

    decimal: str
    thousands: str
    reason: str


def signs_of(values: Iterable[str]) -> Signs:
    """1,234.50 and 0,5 decide; 1.234 alone does not."""
    decimals, groups, open_signs = Counter[str](), Counter[str](), Counter[str]()
    for value in values:
        if not re.fullmatch(r"[+-]?\d[\d .,'\u00a0\u202f]*", value):
            continue
        signs = [sign for sign in value if sign in ".,"]
        if re.search(r"\d[ \u00a0\u202f]\d", value):
            groups[" "] += 1
        if re.search(r"\d'\d", value):
            groups["'"] += 1
        if not signs:
            continue
        last = signs[-1]
        others = set(signs) - {last}
        after = len(value) - value.rindex(last) - 1
        if others:
            decimals[last] += 1
            groups[others.pop()] += 1
        elif len(signs) > 1:
            groups[last] += 1
        elif after != 3 or value.lstrip("+-").startswith(f"0{last}") or groups[" "] or groups["'"]:
            decimals[last] += 1
        else:
            open_signs[last] += 1
    group = groups.most_common(1)[0][0] if groups else ""
    if decimals:
        sign = decimals.most_common(1)[0][0]
        counts = " and ".join(f"{count} with {sign}" for sign, count in decimals.most_common())
        mixed = f"; AMBIGUOUS: {counts}" if len(decimals) > 1 else ""
        return Signs(sign, group if group != sign else "", f"as the numbers of the sample show{mixed}")
    if group in (".", ","):
        return Signs("," if group == "." else ".", group, "the other sign groups thousands")
    if open_signs:
        sign = open_signs.most_common(1)[0][0]
        example = f"1{sign}234"
        return Signs(
            ".", "," if sign == "," else "", f"AMBIGUOUS: {example} may be a thousand or one and a bit"
        )
    return Signs(".", group, "no number of the sample has a decimal sign")


def forms_of(values: Iterable[str]) -> list[str]:
    """The forms that every value has; none where there is no value."""
    wanted = list(dict.fromkeys(value for value in values if value.lower() not in NOTHING))
    return [form for form in FORMS if wanted and all(_has_form(value, form) for value in wanted)]


def _has_form(value: str, form: str) -> bool:
    if form.startswith("%Y%m%d") and not value.isdigit():
        return False
    try:
        return 1990 <= datetime.strptime(value, form).year <= 2099
    except ValueError:
        return False


def _is_month_first(form: str) -> bool:
    return form.startswith("%m")


def _is_number(value: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d[\d .,'\u00a0\u202f]*", value)) or value.lower() in NOTHING


def likeness(source: str, contract: str) -> float:
    """From 0 to 1: how much the name of a source column is one of those of a contract column."""
    name = plain(source)
    if name in (*NAMES[contract], plain(contract)):
        return 1.0
    words = set(name.split())
    if any(len(known.split()) > 1 and set(known.split()) <= words for known in NAMES[contract]):
        return 0.9
    return max(difflib.SequenceMatcher(None, name, known).ratio() for known in NAMES[contract])


def _fits(contract: str, values: list[str]) -> bool:
    """Whether the values can be those of the column; nothing speaks against an empty one."""
    kind = COLUMNS_BY_NAME[contract].kind
    if not values:
        return True
    if kind in ("date", "timestamp"):
        return bool(forms_of(values))
    if kind in ("decimal", "integer"):
        return sum(map(_is_number, values)) >= 0.6 * len(values)
    return True


def is_personal(source: str) -> bool:
    words = set(plain(source).split())
    return bool(PERSONAL & words) and not words & {"country", "pays"}


def guess_columns(sample: Sample, told: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Source column and reason by contract column. `told` are those that the caller is sure of."""
    chosen = {contract: (source, "") for contract, source in told.items()}
    usual: dict[str, str] = getattr(load_format(sample.format), "USUAL", {})
    if usual:
        found = {
            contract: (source, f"where the format {sample.format} has it")
            for contract, source in usual.items()
            if source not in told.values()
        }
        return found | chosen
    candidates = [
        (likeness(source, contract), contract, source)
        for contract in SUPPLIED_COLUMNS
        if contract in NAMES
        for source in sample.columns
        if source and not (is_personal(source) and plain(source) not in NAMES[contract])
    ]
    for score, contract, source in sorted(candidates, key=lambda found: -found[0]):
        is_taken = contract in chosen or any(source == taken for taken, _ in chosen.values())
        if score >= LIKE_ENOUGH and not is_taken and _fits(contract, sample.values[source]):
            chosen[contract] = (source, "by its name" if score == 1 else "by a name that is like it")
    return chosen


def file_pattern(name: str) -> tuple[str, str, str]:
    """Pattern, cadence and reason, from the name of the sample."""
    stem = name.replace(".synthetic", "", 1)
    for pattern, placeholder in PLACEHOLDERS:
        found = re.search(pattern, stem, re.IGNORECASE)
        if found:
            cadence = CADENCES.get(placeholder, "MONTHLY")
            reason = f"{found[0]} in the name of the sample is taken for {placeholder}"
            return stem[: found.start()] + placeholder + stem[found.end() :], cadence, reason
    digits = re.sub(r"\d+", "{any}", stem)
    return digits, "MONTHLY", "the name of the sample says no period: the rows will say the months"


# ---- the file --------------------------------------------------------------------------------------------


def write_draft(
    settings: Settings,
    code: str,
    sample_path: Path,
    folder: Path,
    facts: Facts,
    told: Mapping[str, str],
    constants: Mapping[str, str],
) -> Path:
    """Write <folder>/<code>.yml, never over another file; it can be loaded as it is.

    Errors: MemberFileError for facts that nobody has given and for required columns that nobody can find;
    ExtractError for a sample that no format can read; PacificParcelsError for a folder that cannot be.
    """
    if not re.fullmatch(r"[A-Za-z]{2}", code):
        raise MemberFileError(f"member: found {code!r}; expected the two letters of ISO 3166-1, such as fj")
    if not folder.is_dir():
        raise PacificParcelsError(f"{folder}: there is no such folder; expected one for the member file")
    path = folder / f"{code.lower()}.yml"
    if path.exists():
        raise PacificParcelsError(
            f"{path}: there is a member file already; move it away or name another --out"
        )
    packaged = load_members(settings).get(code.upper())
    known = _known(code, facts, packaged)
    text = draft_text(
        code.upper(), sample_path.name, read_sample(sample_path), known, packaged, told, constants
    )
    path.write_text(text, encoding="utf-8")
    try:
        read_member(path)
    except MemberFileError:
        path.unlink()
        raise
    return path


def _known(code: str, facts: Facts, packaged: Member | None) -> Facts:
    """The facts given, else those of the packaged member. Errors: MemberFileError when one is missing."""
    known = Facts(
        facts.currency or (packaged.currency if packaged else None),
        facts.time_zone or (packaged.time_zone if packaged else None),
        facts.name_en or (packaged.name.en if packaged else None),
        facts.name_fr or (packaged.name.fr if packaged else None),
        facts.languages or (packaged.languages if packaged else None),
    )
    options = {
        "--currency": known.currency,
        "--time-zone": known.time_zone,
        "--name-en": known.name_en,
        "--name-fr": known.name_fr,
        "--languages": known.languages,
    }
    missing = [option for option, value in options.items() if not value]
    if missing:
        raise MemberFileError(
            f"{code.upper()}: no packaged member file says what it is; expected {', '.join(missing)}, "
            "such as --currency FJD --time-zone Pacific/Fiji --name-en Fiji --name-fr Fidji --languages en,fj"
        )
    return known


def draft_text(
    code: str,
    sample_name: str,
    sample: Sample,
    facts: Facts,
    packaged: Member | None,
    told: Mapping[str, str],
    constants: Mapping[str, str],
) -> str:
    """The YAML of a member file. Errors: MemberFileError for required columns that cannot be found."""
    _refuse_what_was_told_wrongly(sample, told, constants)
    draft = Draft(sample)
    guessed = {name: found for name, found in guess_columns(sample, told).items() if name not in constants}
    signs = signs_of(_values_of(sample, guessed, ("decimal",)))
    is_month_first = _order_of_days(sample, guessed)
    is_usual = hasattr(load_format(sample.format), "USUAL")
    forms = {
        contract: _form_of_messages(sample.values[source])
        if is_usual
        else _form(sample.values[source], is_month_first)
        for contract, (source, _) in guessed.items()
        if COLUMNS_BY_NAME[contract].kind in ("date", "timestamp")
    }
    found = None if is_usual else _most_common(forms, "date") or _most_common(forms, "day")
    dates = found or "%Y-%m-%d"
    timestamps = _most_common(forms, "timestamp") or "%Y-%m-%d %H:%M:%S"
    for contract in SUPPLIED_COLUMNS:
        if contract in constants:
            draft.mapped[contract] = f"{{constant: {_text(constants[contract])}}}"
            draft.reasons[contract] = AS_YOU_SAID
        elif contract in guessed:
            source, reason = guessed[contract]
            _map(draft, code, contract, source, reason or AS_YOU_SAID, forms.get(contract), dates, timestamps)
    _refuse_what_cannot_be_found(draft)
    expect = _expect(draft, code)
    pattern, cadence, why_pattern = file_pattern(sample_name)
    start, why_start = _valid_from(sample, guessed, forms)
    nulls = sorted(
        {
            value
            for value in _values_of(sample, guessed, ("decimal", "integer", "date", "timestamp"))
            if value.lower() in NOTHING
        }
    )
    lines = [
        f"# A first draft from {_comment(sample_name)}. GUESS, AMBIGUOUS and TO BE DECIDED mark what you",
        "# have to look at; take the marks away as you settle them. Every key is explained at the top of",
        "# pacific_parcels/members/__init__.py.",
        *(
            [
                f"# {code} has a packaged member file: two for one member are refused. Put `extracts` from",
                "# here into that file; its thresholds and taxes are not repeated here.",
            ]
            if packaged
            else ["# De minimis thresholds and taxes are facts with a source: they are not guessed."]
        ),
        f"code: {_text(code)}",
        f"name: {{en: {_text(facts.name_en or '')}, fr: {_text(facts.name_fr or '')}}}",
        f"currency: {_text(facts.currency or '')}",
        f"time_zone: {_text(facts.time_zone or '')}",
        f"languages: [{', '.join(_text(language) for language in facts.languages or ())}]",
        "extracts:",
        "  items:",
        f"    file: {_text(pattern)}  # GUESS: {_comment(why_pattern)}",
        f"    cadence: {cadence}  # GUESS: from the name of the sample",
        "    due_days: 20  # TO BE DECIDED: days after the end of the period",
        "    layouts:",
        f"      - valid_from: {_text(start)}  # GUESS: {why_start}",
        *(f"        # GUESS: {_comment(reason)}" for reason in sample.reasons),
        f"        format: {sample.format}",
    ]
    known = {"time_zone": facts.time_zone, "country": code, "currency": facts.currency}
    ours = load_format(sample.format).Options.model_fields
    in_options = sample.options | {name: value for name, value in known.items() if name in ours and value}
    if in_options:
        options = ", ".join(
            f"{name}: {_text(value) if isinstance(value, str) else value}"
            for name, value in in_options.items()
        )
        lines.append(f"        options: {{{options}}}")
    lines += [
        *_form_lines("dates", dates, forms, is_month_first),
        *_form_lines("timestamps", timestamps, forms, is_month_first),
        f"        decimal: {_text(signs.decimal)}  # GUESS: {_comment(signs.reason)}",
    ]
    if signs.thousands:
        lines.append(
            f"        thousands: {_text(signs.thousands)}  # GUESS: seen in the numbers of the sample"
        )
    if nulls:
        listed = ", ".join(map(_text, nulls))
        lines.append(f"        null_values: [{listed}]  # GUESS: they stand where there is no value")
    lines.append("        columns:")
    for contract, source_yaml in draft.mapped.items():
        lines.append(f"          # GUESS: {_comment(draft.reasons[contract])}")
        lines.append(f"          {contract}:{'' if source_yaml.startswith(chr(10)) else ' '}{source_yaml}")
    if expect:
        lines.append(f"        # GUESS: the column holds {code} on every row of the sample")
        lines.append(f"        expect: {{{_text(expect)}: {_text(code)}}}")
    lines += _ignore_lines(draft, expect)
    return "\n".join(lines) + "\n"


def _values_of(
    sample: Sample, guessed: Mapping[str, tuple[str, str]], kinds: tuple[str, ...]
) -> Iterable[str]:
    for contract, (source, _) in guessed.items():
        if COLUMNS_BY_NAME[contract].kind in kinds:
            yield from sample.values[source]


def _order_of_days(sample: Sample, guessed: Mapping[str, tuple[str, str]]) -> bool | None:
    """True when month comes before day, False when it does not, None where no date of the file decides."""
    orders = set()
    for contract, (source, _) in guessed.items():
        if COLUMNS_BY_NAME[contract].kind in ("date", "timestamp"):
            forms = [form for form in forms_of(sample.values[source]) if form.startswith(("%d", "%m"))]
            if forms and not form_is_open(forms):
                orders.add(_is_month_first(forms[0]))
    return orders.pop() if len(orders) == 1 else None


def form_is_open(forms: list[str]) -> bool:
    """Whether the same values can be read day first and month first: 03/04/2026."""
    return any(map(_is_month_first, forms)) and any(form.startswith("%d") for form in forms)


@dataclass(frozen=True)
class Form:
    """The form of the dates of one column. `is_open`: its own values can be read month first as well."""

    form: str
    is_open: bool
    has_values: bool


def _form(values: list[str], is_month_first: bool | None) -> Form:
    forms = forms_of(values)
    if not forms:
        return Form("", False, has_values=False)
    if form_is_open(forms):
        preferred = [form for form in forms if _is_month_first(form) == bool(is_month_first)]
        return Form(preferred[0], True, has_values=True)
    return Form(forms[0], False, has_values=True)


def _form_of_messages(values: list[str]) -> Form:
    """A format of messages brings times into one form; days alone a layout reads as well."""
    found = next((form for form in MESSAGE_FORMS if any(_has_form(value, form) for value in values)), "")
    return Form(found, False, has_values=bool(found))


def _most_common(forms: Mapping[str, Form], what: str) -> str | None:
    """`date`: of the columns of days; `day`: days among the others; `timestamp`: with a time of day."""
    found = Counter(
        form.form
        for contract, form in forms.items()
        if form.has_values
        and (
            COLUMNS_BY_NAME[contract].kind == "date"
            if what == "date"
            else ("%H" in form.form) == (what == "timestamp")
        )
    )
    return found.most_common(1)[0][0] if found else None


def _form_lines(key: str, form: str, forms: Mapping[str, Form], is_month_first: bool | None) -> list[str]:
    used = [found for found in forms.values() if found.form == form]
    if not used:
        why = "no value of the sample has such a form"
    elif all(found.is_open for found in used) and is_month_first is not None:
        first = "month" if is_month_first else "day"
        why = f"days of another column are beyond the 12th: {first} first"
    elif all(found.is_open for found in used):
        why = (
            "AMBIGUOUS: no day of the sample is beyond the 12th: day and month may be the other way round; "
            "taken as day first"
        )
    else:
        why = "the values of the sample have this form and no other"
    return [f"        {key}: {_text(form)}  # GUESS: {why}"]


def _map(
    draft: Draft,
    code: str,
    contract: str,
    source: str,
    reason: str,
    form: Form | None,
    dates: str,
    timestamps: str,
) -> None:
    """Put one contract column into the draft, or its source under what is to be decided."""
    column, values = COLUMNS_BY_NAME[contract], draft.sample.values[source]
    if contract == "goods_description" and reason != AS_YOU_SAID:
        draft.undecided[source] = (
            "it looks like goods_description: free text, in which names may stand, is landed only where "
            "`agreed` says who agreed to it, and why"
        )
        return
    format_module = load_format(draft.sample.format)
    meanings: dict[str, str] = getattr(format_module, "MEANINGS", {}).get(contract, {})
    if contract in CODES or meanings:
        _map_codes(draft, contract, source, reason, meanings)
        return
    if column.kind == "code":
        allowed = [one for one in column.codes if contract != "port_code" or one.startswith(code)]
        foreign = sorted(set(values) - set(allowed))
        if foreign and not column.is_required:
            draft.undecided[source] = (
                f"it looks like {contract}, but {len(foreign)} of its values are not in that list of codes: "
                "a lookup is needed"
            )
            return
        if foreign:
            reason += f"; AMBIGUOUS: {len(foreign)} of its values are not in the list of codes"
    draft.mapped[contract] = _text(source)
    draft.used.add(source)
    if contract == "goods_description":
        agreed = _text("TO BE DECIDED: who agreed, and why")
        draft.mapped[contract] = f"{{column: {_text(source)}, agreed: {agreed}}}"
    if form is not None and form.has_values:
        layout_form = dates if column.kind == "date" or "%H" not in form.form else timestamps
        if form.form != layout_form:
            draft.mapped[contract] = f"{{column: {_text(source)}, format: {_text(form.form)}}}"
    if contract in getattr(format_module, "MAY_BE_NEGATIVE", ()):
        draft.mapped[contract] = f"{{column: {_text(source)}, may_be_negative: true}}"
    words = plain(source).split()
    if contract == "gross_mass_kg" and words and words[-1] in ("g", "grams", "grammes", "gr"):
        draft.mapped[contract] = f"{{column: {_text(source)}, factor: 0.001}}"
        reason += ", which says grams"
    elif contract == "gross_mass_kg" and "kg" not in words and not hasattr(format_module, "USUAL"):
        reason += "; AMBIGUOUS: kilograms or grams? It is taken for kilograms"
    draft.reasons[contract] = reason


def _map_codes(draft: Draft, contract: str, source: str, reason: str, meanings: Mapping[str, str]) -> None:
    """A lookup of the values that are known; the others are rejected until somebody decides.

    `meanings` are those that the format itself knows of.
    """
    codes = CODES.get(contract, {})
    known: dict[str, str | bool] = {text: code for code, texts in codes.items() for text in texts}
    values = list(dict.fromkeys(draft.sample.values[source]))
    allowed = [str(code) for code in codes or dict.fromkeys(meanings.values())]
    if values and set(values) <= set(allowed):
        draft.mapped[contract], draft.reasons[contract] = _text(source), reason
        draft.used.add(source)
        return
    found = {
        value: meanings.get(value) or known[plain(value)]
        for value in values[:MOST_CODES]
        if value in meanings or plain(value) in known
    }
    unknown = [value for value in values if value not in found]
    if not found or len(values) > MOST_CODES:
        draft.undecided[source] = (
            f"it looks like {contract}, but none of its values is known; it needs a lookup to "
            f"{', '.join(allowed)}"
        )
        return
    entries = "\n".join(
        f"              {_text(value)}: {str(code).lower() if isinstance(code, bool) else _text(code)}"
        for value, code in found.items()
    )
    open_entries = "".join(
        f"\n              # TO BE DECIDED: {_text(_comment(value))}: one of {', '.join(allowed)}"
        for value in unknown
    )
    draft.mapped[contract] = (
        f"\n            column: {_text(source)}\n            lookup:\n{entries}{open_entries}"
    )
    draft.used.add(source)
    draft.reasons[contract] = f"{reason}; what each code means is a guess too"


def _refuse_what_was_told_wrongly(
    sample: Sample, told: Mapping[str, str], constants: Mapping[str, str]
) -> None:
    for contract in (*told, *constants):
        if contract not in SUPPLIED_COLUMNS:
            raise MemberFileError(
                f"{contract}: this is no column of the contract; expected one of "
                f"{', '.join(SUPPLIED_COLUMNS)}"
            )
    for contract, source in told.items():
        if source not in sample.columns:
            raise MemberFileError(
                f"{contract}: the sample has no column {source!r}; it has {', '.join(sample.columns)}"
            )
    for contract, value in constants.items():
        allowed = COLUMNS_BY_NAME[contract].codes
        if allowed and value not in allowed:
            raise MemberFileError(f"{contract}: found {value!r}; expected one of {', '.join(allowed[:12])}")
    twice = sorted({name for name in sample.columns if sample.columns.count(name) > 1})
    if twice:
        raise ExtractError("R006", found=", ".join(twice))


def _refuse_what_cannot_be_found(draft: Draft) -> None:
    missing = [
        name for name in SUPPLIED_COLUMNS if COLUMNS_BY_NAME[name].is_required and name not in draft.mapped
    ]
    if missing:
        listed = "; ".join(f"{name} ({COLUMNS_BY_NAME[name].definition})" for name in missing)
        raise MemberFileError(
            f"sample: no column can be taken for {listed} It has {', '.join(draft.sample.columns)}. "
            f"Say which with --map {missing[0]}=COLUMN, or what holds on every row with "
            f"--constant {missing[0]}=VALUE"
        )


def _expect(draft: Draft, code: str) -> str | None:
    """A column that names the member on every row of the sample."""
    for source in draft.sample.columns:
        values = set(draft.sample.values[source])
        if source not in draft.used and plain(source) in MEMBER_NAMES and values == {code}:
            return source
    return None


def _ignore_lines(draft: Draft, expect: str | None) -> list[str]:
    used = draft.used | ({expect} if expect else set())
    rest = [source for source in draft.sample.columns if source not in used]
    if not rest:
        return []
    lines = ["        ignore:"]
    for source in rest:
        why = draft.undecided.get(source) or (
            "personal data, by its name: ignore it, or make a token of it; the name is never landed"
            if is_personal(source)
            else "it looks like nothing in the contract; map it, or leave it here"
        )
        mark = "GUESS" if is_personal(source) and source not in draft.undecided else "TO BE DECIDED"
        lines.append(f"          - {_text(source)}  # {mark}: {_comment(why)}")
    return lines


def _valid_from(
    sample: Sample, guessed: Mapping[str, tuple[str, str]], forms: Mapping[str, Form]
) -> tuple[str, str]:
    """The month from which the layout holds."""
    form = forms.get("arrival_date")
    if form is not None and form.has_values:
        days = [
            datetime.strptime(value, form.form)
            for value in sample.values[guessed["arrival_date"][0]]
            if value.lower() not in NOTHING and _has_form(value, form.form)
        ]
        return f"{min(days):%Y-%m}", "the first month of the sample; earlier files are read in this way too"
    return "2019-01", "the first month of the series"


def _text(value: str) -> str:
    """A text in YAML, between quotation marks."""
    if value.isprintable():
        return json.dumps(value, ensure_ascii=False)
    return '"' + "".join(_escaped(sign) for sign in value) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def _comment(text: str) -> str:
    """One line, whatever a name or a value holds."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:200]
