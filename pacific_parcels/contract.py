"""The item contract: what a harmonised item is, column by column, and the rules that rows and extracts keep.

The grain is one postal item, or one house consignment item. Money is in the currency beside it, mass in
kilograms, times in UTC, `arrival_date` is the member's own calendar day. dbt's sources and documents are
checked against this module by a contract test.

Rules live here and nowhere else. Their levels:
    FATAL    the extract is refused as a whole; the member's last good one stays in force
    ERROR    the row is rejected: kept beside the accepted ones, counted and valued on the receipt
    WARNING  the row is accepted and counted
    LEFT_OUT the record is no item of ours: it is counted apart, and is neither in nor rejected
R114 and R122 alone are of the level ERROR and counted apart: a duplicate is not a fault in a value.
`covers` names the rules of PACComtrade (SPC), our neighbour system for merchandise trade, that a rule stands
for.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from pacific_parcels.settings import codes_directory

CONTRACT_VERSION = "2"

Kind = Literal["text", "code", "decimal", "integer", "boolean", "date", "timestamp", "token"]
Level = Literal["FATAL", "ERROR", "WARNING", "LEFT_OUT"]

Channel = Literal[
    "POSTAL_LETTER", "POSTAL_PARCEL", "EXPRESS_POST", "EXPRESS_CARRIER", "AIR_CARGO", "SEA_CARGO"
]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


@cache
def code_list(file_name: str, column: str) -> tuple[str, ...]:
    """The codes of one list of dbt_project/seeds/codes, in its order."""
    with (codes_directory() / f"{file_name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row[column] for row in csv.DictReader(file))


@dataclass(frozen=True)
class Column:
    """One column of the contract. `code_list` is (file of seeds/codes, its key column)."""

    name: str
    kind: Kind
    sql_type: str
    definition: str
    is_required: bool = False
    is_supplied: bool = True
    code_list: tuple[str, str] | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return code_list(*self.code_list) if self.code_list else ()


MONEY = "DECIMAL(18,2)"

COLUMNS: tuple[Column, ...] = (
    Column("extract_id", "text", "VARCHAR", "The extract that brought the row.", True, False),
    Column(
        "source_row",
        "integer",
        "BIGINT",
        "Row of the extract as a spreadsheet shows it; the header is row 1.",
        True,
        False,
    ),
    Column("member_code", "code", "VARCHAR", "Customs administration, ISO 3166-1 alpha-2.", True, False),
    Column("time_period", "text", "VARCHAR", "Month of arrival, YYYY-MM.", True, False),
    Column(
        "stream_code", "text", "VARCHAR", "The member's stream of extracts that the row came by.", True, False
    ),
    Column(
        "item_id", "text", "VARCHAR", "The member's identifier of the item, unique within an extract.", True
    ),
    Column("channel_code", "code", "VARCHAR", "How the item came.", True, True, ("channels", "channel_code")),
    Column("customs_office_code", "text", "VARCHAR", "Customs office of clearance, the member's own code."),
    Column("port_code", "code", "VARCHAR", "Place of entry, UN/LOCODE.", code_list=("ports", "port_code")),
    Column(
        "origin_country_code",
        "code",
        "VARCHAR",
        "Country of origin.",
        code_list=("countries", "country_code"),
    ),
    Column(
        "consignment_country_code",
        "code",
        "VARCHAR",
        "Country of consignment.",
        code_list=("countries", "country_code"),
    ),
    Column("hs_code", "text", "VARCHAR", "Harmonized System code, at least six digits."),
    Column("hs_edition", "text", "VARCHAR", "Edition of the Harmonized System, as a year."),
    Column("goods_description", "text", "VARCHAR", "The goods in words."),
    Column("declared_value", "decimal", MONEY, "Value of the item on the valuation basis given.", True),
    Column(
        "declared_currency_code", "code", "VARCHAR", "ISO 4217.", True, True, ("currencies", "currency_code")
    ),
    Column(
        "valuation_basis_code",
        "code",
        "VARCHAR",
        "What the value contains.",
        code_list=("valuation_bases", "valuation_basis_code"),
    ),
    Column("duty_amount", "decimal", MONEY, "Import duty assessed."),
    Column("tax_amount", "decimal", MONEY, "VAT, GST and the like assessed."),
    Column("fee_amount", "decimal", MONEY, "Fees of customs and border agencies."),
    Column(
        "revenue_currency_code",
        "code",
        "VARCHAR",
        "Currency of duty, tax and fee.",
        code_list=("currencies", "currency_code"),
    ),
    Column("gross_mass_kg", "decimal", "DECIMAL(12,3)", "Gross mass in kilograms."),
    Column("pieces_count", "integer", "INTEGER", "Pieces of the consignment."),
    Column("posted_at", "timestamp", "TIMESTAMP", "Posting or acceptance abroad, UTC."),
    Column("advance_data_at", "timestamp", "TIMESTAMP", "Advance electronic data received, UTC."),
    Column("arrival_date", "date", "DATE", "Day of arrival, the member's calendar.", True),
    Column("lodgement_at", "timestamp", "TIMESTAMP", "Declaration lodged or item presented, UTC."),
    Column("release_at", "timestamp", "TIMESTAMP", "Release by customs, UTC."),
    Column(
        "declaration_type_code",
        "code",
        "VARCHAR",
        "Simplified or full declaration.",
        code_list=("declaration_types", "declaration_type_code"),
    ),
    Column(
        "selectivity_lane_code",
        "code",
        "VARCHAR",
        "Lane of the selectivity module.",
        code_list=("selectivity_lanes", "selectivity_lane_code"),
    ),
    Column("is_inspected", "boolean", "BOOLEAN", "Inspected, by eye or machine."),
    Column(
        "inspection_result_code",
        "code",
        "VARCHAR",
        "What the inspection found.",
        code_list=("inspection_results", "inspection_result_code"),
    ),
    Column(
        "outcome_code", "code", "VARCHAR", "What became of the item.", code_list=("outcomes", "outcome_code")
    ),
    Column(
        "consignee_token",
        "token",
        "VARCHAR",
        "Keyed pseudonym of the consignee, v<version of the key>:<HMAC-SHA-256>.",
    ),
    Column("consignor_token", "token", "VARCHAR", "Keyed pseudonym of the consignor, in the same form."),
    Column("declarant_token", "token", "VARCHAR", "Keyed pseudonym of the declarant, in the same form."),
    Column(
        "operator_code", "text", "VARCHAR", "Operator that carried or presented the item, as its lookup says."
    ),
    Column("rule_ids", "text", "VARCHAR[]", "Warnings, as rule:column.", False, False),
)
COLUMNS_BY_NAME = {column.name: column for column in COLUMNS}
SUPPLIED_COLUMNS = tuple(column.name for column in COLUMNS if column.is_supplied)


@dataclass(frozen=True)
class Words:
    en: str
    fr: str

    def fill(self, details: dict[str, str]) -> Words:
        """The sentence with its {placeholders} filled; one that has no detail shows as an ellipsis.

        A detail that reads differently in French is given beside the other one under its name and `_fr`.
        """

        def put(text: str, language: str) -> str:
            def value(match: re.Match[str]) -> str:
                name = match.group(1)
                return details.get(f"{name}_{language}", details.get(name, "…"))

            return re.sub(r"\{(\w+)\}", value, text)

        return Words(put(self.en, "en"), put(self.fr, "fr"))


@dataclass(frozen=True)
class Rule:
    rule_id: str
    level: Level
    title: Words
    remedy: Words
    covers: tuple[str, ...] = ()


# Whose a list of codes is, and so where another one has to come from: the details of a fault of R109.
FOR_ANOTHER_CODE: dict[str, dict[str, str]] = {
    list_of: {"for_another_code": en, "for_another_code_fr": fr}
    for list_of, en, fr in (
        (
            "member",
            "for a new code ask the secretariat to add it to the member file",
            "pour un nouveau code, demandez au secrétariat de l’ajouter au fichier du membre",
        ),
        (
            "format",
            "the list is that of the format; if another code is right, ask the secretariat",
            "la liste est celle du format ; si un autre code est juste, consultez le secrétariat",
        ),
        (
            "frameworks",
            "each framework is named on the sheet Lists of the template (members template); for a new one "
            "ask the secretariat to add its list of measures",
            "chaque cadre figure sur la feuille Lists du modèle (members template) ; pour un nouveau cadre, "
            "demandez au secrétariat d’ajouter sa liste de mesures",
        ),
        (
            "template",
            "the codes, and what they mean, stand on the sheet Lists of the template (members template); the "
            "list is the same for all members",
            "les codes et leur signification figurent sur la feuille Lists du modèle (members template) ; la "
            "liste est la même pour tous les membres",
        ),
    )
}


def _rule(rule_id: str, level: Level, title: tuple[str, str], remedy: tuple[str, str], *covers: str) -> Rule:
    return Rule(rule_id, level, Words(*title), Words(*remedy), covers)


RULES: dict[str, Rule] = {
    rule.rule_id: rule
    for rule in (
        _rule(
            "R001",
            "FATAL",
            ("The file is empty.", "Le fichier est vide."),
            (
                "Export it again; for a month without items send the header row alone.",
                "Exportez-le de nouveau ; pour un mois sans envoi, transmettez la seule ligne d’en-tête.",
            ),
        ),
        _rule(
            "R002",
            "FATAL",
            (
                "Columns are missing: {missing}. Found: {found}.",
                "Colonnes manquantes : {missing}. Trouvées : {found}.",
            ),
            (
                "Add the columns, or give them the names that the layout declares: {nearest}.",
                "Ajoutez ces colonnes, ou donnez-leur les noms prévus par la structure déclarée : {nearest}.",
            ),
            "R01",
        ),
        _rule(
            "R003",
            "FATAL",
            (
                "Columns that the layout does not know: {unexpected}.",
                "Colonnes inconnues de la structure déclarée : {unexpected}.",
            ),
            (
                "Remove them or, if they are new, ask the secretariat to add them to {declared_in}: "
                "{nearest}.",
                "Retirez-les ou, si elles sont nouvelles, demandez au secrétariat de les ajouter "
                "{declared_in} : {nearest}.",
            ),
        ),
        _rule(
            "R004",
            "FATAL",
            (
                "The file is not {expected}: line {line} holds the byte {found}.",
                "Le fichier n’est pas en {expected} : la ligne {line} contient l’octet {found}.",
            ),
            (
                "Export it again with the encoding {expected}.",
                "Exportez-le de nouveau avec l’encodage {expected}.",
            ),
        ),
        _rule(
            "R005",
            "FATAL",
            (
                "The header row is not split by {expected}; it looks as if {found} separates the columns.",
                "La ligne d’en-tête n’est pas séparée par {expected} ; le séparateur semble être {found}.",
            ),
            (
                "Export it again so that {expected} separates the columns.",
                "Exportez-le de nouveau en séparant les colonnes par {expected}.",
            ),
        ),
        _rule(
            "R006",
            "FATAL",
            (
                "A column name stands twice in the header: {found}.",
                "Un nom de colonne figure deux fois dans l’en-tête : {found}.",
            ),
            ("Give each column a name of its own.", "Donnez à chaque colonne un nom distinct."),
        ),
        _rule(
            "R007",
            "FATAL",
            (
                "A quotation mark opens on line {line} and never closes.",
                "Un guillemet ouvert à la ligne {line} n’est jamais refermé.",
            ),
            (
                "Close it, or double each quotation mark inside a text, and send the file again.",
                "Refermez-le, ou doublez chaque guillemet à l’intérieur d’un texte, puis renvoyez le "
                "fichier.",
            ),
        ),
        _rule(
            "R008",
            "FATAL",
            ("This is not a file that can be read: {found}.", "Ceci n’est pas un fichier lisible : {found}."),
            (
                "Put the file itself into the folder, not a folder or a link.",
                "Déposez le fichier lui-même, et non un dossier ou un lien.",
            ),
        ),
        _rule(
            "R009",
            "FATAL",
            (
                "This looks like a file of another member: {found}.",
                "Ce fichier semble provenir d’un autre membre : {found}.",
            ),
            (
                "Send it to the right member's folder; expected here: {expected}.",
                "Déposez-le dans le dossier du bon membre ; attendu ici : {expected}.",
            ),
        ),
        _rule(
            "R010",
            "FATAL",
            (
                "{rejected} of {rows} items are rejected; at most {limit} % may be.",
                "{rejected} envois sur {rows} sont rejetés ; le maximum admis est de {limit} %.",
            ),
            (
                "Mend the rules listed on this receipt, the most frequent first, and send the file again.",
                "Corrigez les anomalies listées sur cet accusé de réception, la plus fréquente d’abord, "
                "puis renvoyez le fichier.",
            ),
        ),
        _rule(
            "R011",
            "FATAL",
            (
                "The manifest says {expected} items; the file has {found}.",
                "Le manifeste annonce {expected} envois ; le fichier en contient {found}.",
            ),
            (
                "Send the whole file again, then its manifest.",
                "Renvoyez le fichier complet, puis son manifeste.",
            ),
        ),
        _rule(
            "R012",
            "FATAL",
            (
                "The checksum is not that of the manifest: the file was changed or cut off on its way.",
                "La somme de contrôle ne correspond pas au manifeste : le fichier a été modifié ou "
                "tronqué pendant le transfert.",
            ),
            ("Send the file again, then its manifest.", "Renvoyez le fichier, puis son manifeste."),
        ),
        _rule(
            "R013",
            "FATAL",
            (
                "The control total of {column} in {currency} is {expected} on the manifest and {found} "
                "in the file.",
                "Le total de contrôle de {column} en {currency} est de {expected} sur le manifeste et de "
                "{found} dans le fichier.",
            ),
            (
                "Compare both exports, mend the wrong one and send both again.",
                "Comparez les deux exports, corrigez celui qui est faux et renvoyez les deux.",
            ),
        ),
        _rule(
            "R014",
            "FATAL",
            (
                "The file cannot be opened as {expected}: {found}.",
                "Le fichier ne peut pas être ouvert comme {expected} : {found}.",
            ),
            (
                "Save it again as {expected} and send it.",
                "Enregistrez-le de nouveau au format {expected} et renvoyez-le.",
            ),
        ),
        _rule(
            "R015",
            "FATAL",
            (
                "The name of the file is not one that this member sends: {found}.",
                "Le nom du fichier n’est pas de ceux que ce membre transmet : {found}.",
            ),
            ("Name it as agreed: {expected}.", "Nommez-le comme convenu : {expected}."),
        ),
        _rule(
            "R016",
            "FATAL",
            (
                "Line {line} holds NUL bytes: the file is damaged or is no text.",
                "La ligne {line} contient des octets nuls : le fichier est endommagé ou n’est pas du texte.",
            ),
            ("Export it again and send it.", "Exportez-le de nouveau et renvoyez-le."),
        ),
        _rule(
            "R017",
            "FATAL",
            (
                "The file ends in the middle of row {line}: it was cut off.",
                "Le fichier s’arrête au milieu de la ligne {line} : il a été tronqué.",
            ),
            ("Send the whole file again.", "Renvoyez le fichier complet."),
        ),
        _rule(
            "R018",
            "FATAL",
            ("The manifest cannot be read: {found}.", "Le manifeste est illisible : {found}."),
            (
                "Write it again with pacific-parcels manifest, or send the file without one.",
                "Produisez-le de nouveau avec pacific-parcels manifest, ou envoyez le fichier sans "
                "manifeste.",
            ),
        ),
        _rule(
            "R019",
            "FATAL",
            (
                "Reading the file takes more {found} than a file may take ({expected}).",
                "La lecture du fichier demande plus de {found} que permis ({expected}).",
            ),
            (
                "Send it in smaller files; if it is small already, it is damaged: export it again.",
                "Envoyez-le en plusieurs fichiers ; s’il est déjà petit, il est endommagé : exportez-le de "
                "nouveau.",
            ),
        ),
        _rule(
            "R020",
            "FATAL",
            (
                "The file declares a document type or entities (DOCTYPE, ENTITY): that may be an attack.",
                "Le fichier déclare un type de document ou des entités (DOCTYPE, ENTITY), ce qui peut "
                "cacher une attaque.",
            ),
            (
                "Export it again without them; data needs neither.",
                "Exportez-le de nouveau sans ces déclarations ; les données n’en ont pas besoin.",
            ),
        ),
        _rule(
            "R021",
            "FATAL",
            (
                "The archive cannot be taken: found {found}; expected {expected}.",
                "L’archive ne peut pas être acceptée : trouvé : {found} ; attendu : {expected}.",
            ),
            (
                "Pack the extract alone into a plain ZIP or GZ archive without a password, or send it as "
                "it is.",
                "Placez l’extrait seul dans une archive ZIP ou GZ simple, sans mot de passe, ou envoyez-le "
                "non compressé.",
            ),
        ),
        _rule(
            "R022",
            "FATAL",
            (
                "The XML is broken at line {line}: {found}.",
                "Le XML est incorrect à la ligne {line} : {found}.",
            ),
            (
                "Export it again; if it comes from another program, ask its supplier for well-formed XML.",
                "Exportez-le de nouveau ; s’il vient d’un autre programme, demandez à son fournisseur un XML "
                "bien formé.",
            ),
        ),
        _rule(
            "R023",
            "FATAL",
            ("The reader broke down on this file.", "Le lecteur s’est arrêté brutalement sur ce fichier."),
            (
                "It may be damaged: export it again. If it happens again, tell the secretariat.",
                "Il est peut-être endommagé : exportez-le de nouveau. Si cela se reproduit, signalez-le au "
                "secrétariat.",
            ),
        ),
        _rule(
            "R024",
            "FATAL",
            (
                "{rejected} of {rows} rows are rejected; at most {limit} % may be.",
                "{rejected} lignes sur {rows} sont rejetées ; le maximum admis est de {limit} %.",
            ),
            (
                "Mend the rules listed on this receipt, the most frequent first, and send the file again.",
                "Corrigez les anomalies listées sur cet accusé de réception, la plus fréquente d’abord, "
                "puis renvoyez le fichier.",
            ),
        ),
        _rule(
            "R101",
            "ERROR",
            (
                "The row has too few or too many fields; expected: {expected}.",
                "La ligne comporte trop peu ou trop de champs ; attendu : {expected}.",
            ),
            (
                "Put texts that hold the separator between quotation marks; add the missing fields.",
                "Placez entre guillemets les textes contenant le séparateur ; ajoutez les champs manquants.",
            ),
        ),
        _rule(
            "R102",
            "ERROR",
            ("A value that every item needs is missing.", "Une valeur indispensable est absente."),
            ("Fill it in.", "Renseignez-la."),
            "R03",
            "R08",
            "R11",
        ),
        _rule(
            "R103",
            "ERROR",
            ("The date or time cannot be read.", "La date ou l’heure est illisible."),
            ("Write it as {expected}.", "Écrivez-la sous la forme {expected}."),
            "R13",
        ),
        _rule(
            "R104",
            "ERROR",
            (
                "The day of arrival lies after the day on which the file was sent.",
                "La date d’arrivée est postérieure à la date d’envoi du fichier.",
            ),
            ("Correct the date.", "Corrigez la date."),
        ),
        _rule(
            "R105",
            "ERROR",
            (
                "The day of arrival lies outside the period that the file says it covers.",
                "La date d’arrivée est hors de la période que le fichier déclare couvrir.",
            ),
            (
                "Send the item in the file of its own month, or correct the date.",
                "Transmettez l’envoi dans le fichier de son mois, ou corrigez la date.",
            ),
        ),
        _rule(
            "R106",
            "ERROR",
            ("The number cannot be read.", "Le nombre est illisible."),
            ("Write it as {expected}.", "Écrivez-le sous la forme {expected}."),
            "R26",
            "R29",
        ),
        _rule(
            "R107",
            "ERROR",
            ("The number is negative.", "Le nombre est négatif."),
            (
                "Correct it; report a cancelled item by leaving it out of the next file for the same month.",
                "Corrigez-le ; pour annuler un envoi, omettez-le du prochain fichier du même mois.",
            ),
        ),
        _rule(
            "R108",
            "ERROR",
            ("The currency is not a code of ISO 4217.", "La devise n’est pas un code ISO 4217."),
            ("Write three letters, such as USD.", "Écrivez trois lettres, par exemple USD."),
            "R20",
        ),
        _rule(
            "R109",
            "ERROR",
            ("The code is not in the list agreed.", "Le code ne figure pas dans la liste convenue."),
            (
                "Use one of {expected}; {for_another_code}.",
                "Utilisez l’un de ces codes : {expected} ; {for_another_code}.",
            ),
            "R22",
            "R24",
        ),
        _rule(
            "R110",
            "ERROR",
            ("The country is not a code of ISO 3166-1.", "Le pays n’est pas un code ISO 3166-1."),
            ("Write two letters, such as CN.", "Écrivez deux lettres, par exemple CN."),
            "R16",
            "R19",
        ),
        _rule(
            "R111",
            "ERROR",
            ("The place is not a UN/LOCODE of this member.", "Le lieu n’est pas un UN/LOCODE de ce membre."),
            (
                "Write the five letters of UN/LOCODE, such as {expected}.",
                "Écrivez les cinq lettres du code UN/LOCODE, par exemple {expected}.",
            ),
        ),
        _rule(
            "R112",
            "ERROR",
            (
                "The item is given as one of another member.",
                "L’envoi est indiqué comme celui d’un autre membre.",
            ),
            (
                "Expected: {expected}. Send it in its own member's file.",
                "Attendu : {expected}. Transmettez-le dans le fichier de son membre.",
            ),
            "R10",
            "R17",
        ),
        _rule(
            "R113",
            "ERROR",
            (
                "Quotation marks in the row are out of place.",
                "Les guillemets de la ligne sont mal placés.",
            ),
            (
                "Double each quotation mark inside a text.",
                "Doublez chaque guillemet à l’intérieur d’un texte.",
            ),
        ),
        _rule(
            "R114",
            "ERROR",
            (
                "The item stands in this file already; it counts once, as it stands first.",
                "L’envoi figure déjà dans ce fichier ; il compte une fois, tel qu’il y figure d’abord.",
            ),
            ("Send each item once.", "Transmettez chaque envoi une seule fois."),
        ),
        _rule(
            "R115",
            "ERROR",
            (
                "The record is not written as its message format demands.",
                "L’enregistrement n’est pas écrit comme l’exige le format de son message.",
            ),
            (
                "Compare it with the message standard, or ask the supplier of the program that wrote it.",
                "Comparez-le à la norme du message, ou adressez-vous au fournisseur du programme qui l’a "
                "écrit.",
            ),
        ),
        _rule(
            "R116",
            "ERROR",
            (
                "The measure is not in the list of its framework.",
                "La mesure ne figure pas dans la liste de son cadre.",
            ),
            (
                "Use a code of the sheet Lists of the template; expected one of {expected}.",
                "Utilisez un code de la feuille Lists du modèle ; attendu : {expected}.",
            ),
        ),
        _rule(
            "R117",
            "ERROR",
            ("The action names no measure.", "L’action ne désigne aucune mesure."),
            (
                "Say which measure of the framework it serves.",
                "Indiquez à quelle mesure du cadre elle contribue.",
            ),
        ),
        _rule(
            "R118",
            "ERROR",
            (
                "The date lies before the framework was there.",
                "La date est antérieure à l’existence du cadre.",
            ),
            (
                "Correct the date, or name the edition that was assessed; expected {expected}.",
                "Corrigez la date, ou indiquez l’édition évaluée ; attendu : {expected}.",
            ),
        ),
        _rule(
            "R119",
            "ERROR",
            (
                "The date lies after the day on which the file was sent.",
                "La date est postérieure à la date d’envoi du fichier.",
            ),
            (
                "Correct the date; what is still to come has no such date yet.",
                "Corrigez la date ; ce qui est encore à venir n’a pas de telle date.",
            ),
        ),
        _rule(
            "R120",
            "ERROR",
            ("The target lies before the start.", "L’échéance est antérieure au début."),
            ("Correct one of the two dates.", "Corrigez l’une des deux dates."),
        ),
        _rule(
            "R121",
            "ERROR",
            (
                "Rows of this file say different things of one and the same.",
                "Des lignes de ce fichier se contredisent sur un même objet.",
            ),
            (
                "Keep the row that is right. One row for each {expected}.",
                "Conservez la ligne exacte. Une seule ligne pour chaque combinaison de {expected}.",
            ),
        ),
        _rule(
            "R122",
            "ERROR",
            (
                "The row stands in this file already, every field alike; it counts once.",
                "La ligne figure déjà dans ce fichier, identique dans tous ses champs ; elle compte une "
                "fois.",
            ),
            ("Send each row once.", "Transmettez chaque ligne une seule fois."),
        ),
        _rule(
            "R123",
            "ERROR",
            (
                "The text holds an e-mail address or a telephone number.",
                "Le texte contient une adresse électronique ou un numéro de téléphone.",
            ),
            (
                "Name the office and the document, never a person.",
                "Nommez le service et le document, jamais une personne.",
            ),
        ),
        _rule(
            "R124",
            "ERROR",
            (
                "The row is given as one of another member.",
                "La ligne est indiquée comme celle d’un autre membre.",
            ),
            (
                "Expected: {expected}. Send it in its own member's file.",
                "Attendu : {expected}. Transmettez-la dans le fichier de son membre.",
            ),
        ),
        _rule(
            "R201",
            "WARNING",
            ("The declared value is zero.", "La valeur déclarée est nulle."),
            ("Check that nothing was left out.", "Vérifiez que rien n’a été omis."),
        ),
        _rule(
            "R202",
            "WARNING",
            ("The HS code is not at least six digits.", "Le code SH ne comporte pas au moins six chiffres."),
            ("Give six digits; keep a leading zero.", "Indiquez six chiffres ; conservez le zéro initial."),
            "R14",
            "R15",
        ),
        _rule(
            "R203",
            "WARNING",
            ("The item was released before it arrived.", "L’envoi a été mis en mainlevée avant son arrivée."),
            ("Check both dates.", "Vérifiez les deux dates."),
        ),
        _rule(
            "R204",
            "WARNING",
            ("The gross mass is zero.", "La masse brute est nulle."),
            ("Check the unit: kilograms.", "Vérifiez l’unité : le kilogramme."),
        ),
        _rule(
            "R205",
            "WARNING",
            (
                "The file holds no item: the month is reported as one without items.",
                "Le fichier ne contient aucun envoi : le mois est déclaré sans envoi.",
            ),
            ("If there were items, send the file again.", "S’il y a eu des envois, renvoyez le fichier."),
        ),
        _rule(
            "R206",
            "WARNING",
            (
                "The identifier is not one of UPU S10: thirteen characters, the ninth digit a check digit.",
                "L’identifiant n’est pas conforme à la norme S10 de l’UPU : treize caractères, dont un "
                "neuvième chiffre de contrôle.",
            ),
            (
                "Take it from the bar code instead of typing it.",
                "Relevez-le sur le code à barres au lieu de le saisir.",
            ),
        ),
        _rule(
            "R207",
            "WARNING",
            (
                "The line stands in this file already, every field alike; it counts again.",
                "La ligne figure déjà dans ce fichier, identique dans tous ses champs ; elle compte de "
                "nouveau.",
            ),
            (
                "Check that the report was not put together twice; equal lines can be right.",
                "Vérifiez que l’état n’a pas été assemblé deux fois ; des lignes identiques peuvent être "
                "justes.",
            ),
            "R02",
        ),
        _rule(
            "R208",
            "WARNING",
            (
                "The value is negative; it is counted as it is.",
                "La valeur est négative ; elle est comptée telle quelle.",
            ),
            ("Check that it is a correction.", "Vérifiez qu’il s’agit d’une correction."),
        ),
        _rule(
            "R209",
            "WARNING",
            (
                "The stage goes backwards, and no reason is given; it is counted as it is.",
                "Le stade recule sans qu’une raison soit donnée ; il est compté tel quel.",
            ),
            (
                "Give the reason, or correct the stage or the earlier assessment.",
                "Indiquez la raison, ou corrigez le stade ou l’évaluation précédente.",
            ),
        ),
        _rule(
            "R210",
            "WARNING",
            (
                "The measure is not in our list of the framework, which is open; it is kept as it is named.",
                "La mesure ne figure pas dans notre liste du cadre, qui est ouverte ; elle est conservée "
                "telle que nommée.",
            ),
            (
                "Check the code; if it is right, ask the secretariat to add it to the list.",
                "Vérifiez le code ; s’il est juste, demandez au secrétariat de l’ajouter à la liste.",
            ),
        ),
        _rule(
            "R211",
            "WARNING",
            (
                "The file holds no row: whatever was reported for the month before is taken back.",
                "Le fichier ne contient aucune ligne : ce qui avait été déclaré pour le mois est retiré.",
            ),
            (
                "If there is something to report, send the file again.",
                "S’il y a quelque chose à déclarer, renvoyez le fichier.",
            ),
        ),
        _rule(
            "R301",
            "LEFT_OUT",
            (
                "A master bill or a consolidation: the consignments under it are counted, it is not.",
                "Connaissement principal ou groupage : ce sont les envois qu’il réunit qui sont comptés, et "
                "non lui.",
            ),
            (
                "Nothing, if its consignments are in this file or come by another; send them if not.",
                "Rien, si ses envois sont dans ce fichier ou arrivent par un autre ; sinon, transmettez-les.",
            ),
        ),
        _rule(
            "R302",
            "LEFT_OUT",
            (
                "No import by a channel of ours: an export, transit, or another means of transport.",
                "Pas une importation par l’un de nos canaux : exportation, transit ou autre mode de "
                "transport.",
            ),
            (
                "Nothing, unless it is an item that came in: then correct its flow, nature or transport.",
                "Rien, sauf s’il s’agit d’un envoi arrivé : corrigez alors son flux, sa nature ou son mode "
                "de transport.",
            ),
        ),
    )
}
