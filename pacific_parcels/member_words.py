"""A member file in words, for the people whose files it is about: `pacific-parcels members show fj`."""

from __future__ import annotations

from typing import Literal

from pacific_parcels.contract import CHANNELS, COLUMNS_BY_NAME, SUPPLIED_COLUMNS, code_list
from pacific_parcels.errors import MemberFileError
from pacific_parcels.formats import load_format
from pacific_parcels.layout import in_french, in_words
from pacific_parcels.members import (
    Capacity,
    ColumnSource,
    Dated,
    DeMinimis,
    Layout,
    Member,
    Stream,
    Tax,
    Terms,
)
from pacific_parcels.tokens import ROLES

Language = Literal["en", "fr"]

# What the columns of the contract mean; in English the contract itself says it.
MEANINGS_FR = {
    "item_id": "Identifiant de l’envoi chez le membre, unique dans un extrait.",
    "channel_code": "Comment l’envoi est arrivé.",
    "customs_office_code": "Bureau de douane de dédouanement, selon le code du membre.",
    "port_code": "Lieu d’entrée, UN/LOCODE.",
    "origin_country_code": "Pays d’origine.",
    "consignment_country_code": "Pays de provenance.",
    "hs_code": "Code du Système harmonisé, six chiffres au moins.",
    "hs_edition": "Édition du Système harmonisé, par son année.",
    "goods_description": "Désignation des marchandises.",
    "declared_value": "Valeur de l’envoi, sur la base indiquée.",
    "declared_currency_code": "Devise de la valeur, ISO 4217.",
    "valuation_basis_code": "Ce que la valeur comprend.",
    "duty_amount": "Droits de douane liquidés.",
    "tax_amount": "TVA, TGC et taxes semblables liquidées.",
    "fee_amount": "Redevances de la douane et des services aux frontières.",
    "revenue_currency_code": "Devise des droits, taxes et redevances.",
    "gross_mass_kg": "Masse brute en kilogrammes.",
    "pieces_count": "Nombre de colis de l’expédition.",
    "posted_at": "Dépôt ou acceptation à l’étranger.",
    "advance_data_at": "Réception des données électroniques préalables.",
    "arrival_date": "Jour d’arrivée, selon le calendrier du membre.",
    "lodgement_at": "Dépôt de la déclaration ou présentation de l’envoi.",
    "release_at": "Mainlevée accordée par la douane.",
    "declaration_type_code": "Déclaration simplifiée ou complète.",
    "selectivity_lane_code": "Circuit du module de sélectivité.",
    "is_inspected": "Contrôle physique ou par appareil.",
    "inspection_result_code": "Ce que le contrôle a constaté.",
    "outcome_code": "Ce que l’envoi est devenu.",
    **{
        f"{role}_token": f"Pseudonyme {of_whom}, v<version de la clé>:<HMAC-SHA-256>."
        for role, of_whom in zip(ROLES, ("du destinataire", "de l’expéditeur", "du déclarant"), strict=True)
    },
    "operator_code": "Opérateur qui a transporté ou présenté l’envoi, selon sa table de correspondance.",
}
CADENCES: dict[str, dict[Language, str]] = {
    "MONTHLY": {"en": "every month", "fr": "chaque mois"},
    "QUARTERLY": {"en": "every quarter", "fr": "chaque trimestre"},
    "ANNUAL": {"en": "every year", "fr": "chaque année"},
}
BASES: dict[str, dict[Language, str]] = {
    "CIF": {
        "en": "the value with freight and insurance (CIF)",
        "fr": "la valeur CAF, fret et assurance compris",
    },
    "FOB": {"en": "the value free on board (FOB)", "fr": "la valeur franco à bord (FAB)"},
    "INTRINSIC": {
        "en": "the price of the goods without freight and insurance",
        "fr": "le prix des marchandises, hors fret et assurance",
    },
    "DUTY_OWED": {"en": "the duty and tax owed", "fr": "les droits et taxes dus"},
}
SCOPES: dict[str, dict[Language, str]] = {
    "DUTY": {"en": "duty", "fr": "droits de douane"},
    "TAX": {"en": "tax", "fr": "taxes"},
    "BOTH": {"en": "duty and tax", "fr": "droits et taxes"},
}
MODES: dict[str, dict[Language, str]] = {
    "EXEMPT_ALL": {
        "en": "at or under it all is free, above it all is charged",
        "fr": "jusqu’au seuil tout est exonéré, au-delà tout est imposé",
    },
    "EXEMPT_AMOUNT": {"en": "only what exceeds it is charged", "fr": "seul l’excédent est imposé"},
    "FLAT_RATE": {
        "en": "at or under it a flat rate holds",
        "fr": "jusqu’au seuil, un taux forfaitaire s’applique",
    },
    "DUTY_OWED": {
        "en": "what is owed up to it is not collected",
        "fr": "ce qui est dû jusque-là n’est pas perçu",
    },
}
SHOWN: dict[str, dict[Language, str]] = {
    "none": {"en": "nothing of this member alone", "fr": "rien qui concerne ce seul membre"},
    "totals": {"en": "its totals", "fr": "ses totaux"},
    "detail": {
        "en": "its totals, also by channel, value band, origin and section of the Harmonized System",
        "fr": ("ses totaux, y compris par canal, tranche de valeur, origine et section du Système harmonisé"),
    },
}
GROUPS: dict[str, dict[Language, str]] = {
    "volume": {"en": "volumes", "fr": "volumes"},
    "value": {"en": "values", "fr": "valeurs"},
    "treatment": {"en": "treatment", "fr": "traitement"},
    "revenue": {"en": "revenue", "fr": "recettes"},
    "quality": {"en": "quality of the data", "fr": "qualité des données"},
    "pressure": {"en": "pressure on staff and ports", "fr": "pression sur le personnel et les ports"},
}
SPACES_IN_WORDS: dict[str, dict[Language, str]] = {
    " ": {"en": "a space", "fr": "une espace"},
    "\t": {"en": "a tab", "fr": "une tabulation"},
}


class Speaker:
    """The sentences of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, english: str, french: str) -> str:
        return english if self.language == "en" else french

    def meaning(self, column_name: str) -> str:
        return self(COLUMNS_BY_NAME[column_name].definition, MEANINGS_FR[column_name])

    def code(self, column_name: str, code: str | bool) -> str:
        """A code and what it means: POSTAL_PARCEL, Postal parcels."""
        if isinstance(code, bool):
            return self("yes", "oui") if code else self("no", "non")
        listed = COLUMNS_BY_NAME[column_name].code_list
        if (
            listed is None
            or listed[0] in ("countries", "currencies", "ports")
            or code not in code_list(*listed)
        ):
            return code
        names = dict(zip(code_list(*listed), code_list(listed[0], f"name_{self.language}"), strict=True))
        return f"{code}, {names[code]}"

    def form(self, form: str) -> str:
        """A strptime format as people write it."""
        words = in_words(form)
        return self(words, in_french(words))


def in_sentences(member: Member, language: Language) -> list[str]:
    """Everything that was understood of a member file, line by line."""
    say = Speaker(language)
    colon = say(":", " :")
    lines = [
        f"{member.code}  {say(member.name.en, member.name.fr)}",
        say(
            f"Currency {member.currency}; time zone {member.time_zone}; languages: "
            f"{', '.join(member.languages)}.",
            f"Devise {member.currency} ; fuseau horaire {member.time_zone} ; langues : "
            f"{', '.join(member.languages)}.",
        ),
    ]
    if member.customs_system:
        lines.append(
            f"{say('Customs system:', 'Système douanier :')} {member.customs_system.name} "
            f"({member.customs_system.source})."
        )
    if member.source is not None:
        kind = member.source.kind
        lines.append(say(f"Its files are fetched from: {kind}.", f"Ses fichiers sont relevés par : {kind}."))
    else:
        folder = f"inbox/{member.code.lower()}"
        lines.append(say(f"Its files are put into {folder}.", f"Ses fichiers sont déposés dans {folder}."))
    if not member.extracts:
        lines += ["", say("No extract is agreed yet.", "Aucun extrait n’est encore convenu.")]
    for stream_code, stream in member.extracts.items():
        lines += ["", f"{say('What is sent', 'Ce qui est transmis')} ({stream_code}){colon}"]
        lines += [f"  {line}" for line in _stream(member, stream, say)]
    lines += ["", f"{say('De minimis', 'Seuils de minimis')}{colon}"]
    lines += [f"  {_threshold(line, say)}" for line in member.de_minimis] or [
        say("  None is established.", "  Aucun n’est établi.")
    ]
    lines += ["", f"{say('Taxes', 'Taxes')}{colon}"]
    lines += [
        f"  {say(tax.name.en, tax.name.fr)} {_amount(tax.rate_pct, say)}{say('', chr(0x202F))}%, "
        f"{_when(tax, say)}{_collected(tax, say)} ({tax.source})"
        for tax in member.taxes
    ] or [say("  None is established.", "  Aucune n’est établie.")]
    if member.capacity:
        lines += ["", f"{say('Capacity, as stated', 'Capacité déclarée')}{colon}"]
        lines += [f"  {_capacity(line, say)}" for line in member.capacity]
    public, peers = (_shown(terms, language) for terms in (member.sharing.public, member.sharing.peers))
    least = member.sharing.minimum_cell_items
    lines += [
        "",
        say(
            f"Shown to the public: {public}; no figure on fewer than {least} items.",
            f"Montré au public : {public} ; aucun chiffre portant sur moins de {least} envois.",
        ),
    ]
    if peers != public:
        lines += [say(f"Shown to the other members: {peers}.", f"Montré aux autres membres : {peers}.")]
    named = member.sharing.progress
    readers_en, readers_fr = {
        ("named", "named"): ("by its name to everyone", "par son nom, pour tous"),
        ("counted", "named"): ("by its name to the other members", "par son nom, pour les autres membres"),
        ("counted", "counted"): ("counted without its name", "compté sans son nom"),
    }[named.public, named.peers]
    lines += [
        say(
            f"Standards, commitments and actions: {readers_en}.",
            f"Normes, engagements et actions : {readers_fr}.",
        ),
    ]
    if member.note:
        lines += ["", f"{say('Note:', 'Remarque :')} {member.note.strip()}"]
    return lines


def _shown(terms: Terms, language: Language) -> str:
    """What a circle of readers sees: in one phrase, or by groups of indicators that are shown alike."""
    groups_by_detail: dict[str, list[str]] = {}
    for group, detail in terms.model_dump().items():
        groups_by_detail.setdefault(detail, []).append(GROUPS[group][language])
    if len(groups_by_detail) == 1:
        return SHOWN[terms.volume][language]
    colon = {"en": ":", "fr": "\u00a0:"}[language]
    return ", ".join(
        f"{' / '.join(groups)}{colon} {SHOWN[detail][language]}"
        for detail, groups in groups_by_detail.items()
    )


def _stream(member: Member, stream: Stream, say: Speaker) -> list[str]:
    example = stream.example_name
    name = say(f"A file named {stream.file}", f"Un fichier nommé {stream.file}")
    if example != stream.file:
        name += say(f", such as {example}", f", par exemple {example}")
    cadence = CADENCES[stream.cadence][say.language]
    lines = [
        f"{name}.",
        say(
            f"It is sent {cadence}, at the latest {stream.due_days} days after the period.",
            f"Il est transmis {cadence}, au plus tard {stream.due_days} jours après la période.",
        ),
    ]
    for layout in stream.layouts:
        lines += ["", *_layout(member, layout, say)]
    return lines


def _option(value: object, say: Speaker) -> str:
    """What a member file says under an option; a sign alone stands in quotation marks, or nobody sees it."""
    text = str(value)
    if text in SPACES_IN_WORDS:
        return SPACES_IN_WORDS[text][say.language]
    return text if any(sign.isalnum() for sign in text) else say(f"“{text}”", f"« {text} »")


def _layout(member: Member, layout: Layout, say: Speaker) -> list[str]:
    options = "".join(
        f"{say(';', ' ;')} {name}{say(':', ' :')} {_option(value, say)}"
        for name, value in layout.options.items()
    )
    number = f"1{layout.thousands}234{layout.decimal}50"
    lines = [
        say(
            f"From {layout.valid_from} on: format {layout.format}{options}.",
            f"À partir de {layout.valid_from} : format {layout.format}{options}.",
        ),
        say(
            f"Dates are written {say.form(layout.dates)}, times {say.form(layout.timestamps)} "
            f"(local time of {member.time_zone}), numbers {number}.",
            f"Les dates s’écrivent {say.form(layout.dates)}, les heures {say.form(layout.timestamps)} "
            f"(heure locale de {member.time_zone}), les nombres {number}.",
        ),
    ]
    if layout.null_values:
        listed = ", ".join(layout.null_values)
        lines.append(
            say(
                f"No value, besides the empty one: {listed}.",
                f"Absence de valeur, outre la case vide : {listed}.",
            )
        )
    lines.append(say("Columns of the file:", "Colonnes du fichier :"))
    for name, source in layout.columns.items():
        lines += [f"  {line}" for line in _column(name, source, say)]
    lines += [
        say(
            f"  {name}: must hold {text} on every row.",
            f"  {name} : doit contenir {text} à chaque ligne.",
        )
        for name, text in layout.expect.items()
    ]
    ignored = ", ".join(layout.ignore) or say("none", "aucune")
    lines.append(
        say(
            f"Columns that are never kept: {ignored}.",
            f"Colonnes qui ne sont jamais conservées : {ignored}.",
        )
    )
    absent = [name for name in SUPPLIED_COLUMNS if name not in layout.columns]
    if absent:
        lines.append(
            say(
                f"Not sent, so that no figure can rest on it: {', '.join(absent)}.",
                f"Non transmis, si bien qu’aucun chiffre ne peut s’y fonder : {', '.join(absent)}.",
            )
        )
    lines += _cannot_carry(layout, say)
    return lines


def _cannot_carry(layout: Layout, say: Speaker) -> list[str]:
    try:
        never = ", ".join(load_format(layout.format).CANNOT_CARRY)
    except MemberFileError:
        return [say("There is no such format.", "Ce format n’existe pas.")]
    if not never:
        return []
    return [say(f"The format can never carry {never}.", f"Le format ne peut jamais contenir {never}.")]


def _column(name: str, source: ColumnSource, say: Speaker) -> list[str]:
    meaning = say.meaning(name)
    is_needed = say(" Every item needs it.", " Chaque envoi en a besoin.")
    needed = is_needed if COLUMNS_BY_NAME[name].is_required else ""
    if source.constant is not None:
        constant = say.code(name, source.constant)
        return [
            say(f"(always {constant}) → {name}: ", f"(toujours {constant}) → {name} : ") + meaning + needed
        ]
    how = ""
    if source.factor is not None:
        how += say(f" Multiplied by {source.factor}.", f" Multiplié par {_amount(source.factor, say)}.")
    if source.format:
        how += say(f" Written {say.form(source.format)}.", f" S’écrit {say.form(source.format)}.")
    if source.agreed:
        how += say(f" Landed as agreed: {source.agreed}.", f" Conservé d’un commun accord : {source.agreed}.")
    if COLUMNS_BY_NAME[name].kind == "token":
        how += say(" The name itself is never kept.", " Le nom lui-même n’est jamais conservé.")
    lines = [f"{' + '.join(source.source_columns)} → {name}{say(':', ' :')} {meaning}{needed}{how}"]
    lines += [f"    {found} = {say.code(name, code)}" for found, code in (source.lookup or {}).items()]
    return lines


def _threshold(line: DeMinimis, say: Speaker) -> str:
    channels = say("every channel", "tous les canaux")
    if line.channels != CHANNELS:
        channels = ", ".join(say.code("channel_code", code).split(", ", 1)[1] for code in line.channels)
    note = f" {line.note.strip()}" if line.note else ""
    return (
        f"{_amount(line.amount, say)} {line.currency}, {_when(line, say)}{say(':', ' :')} "
        f"{SCOPES[line.scope][say.language]}, "
        + say("measured on ", "mesuré sur ")
        + f"{BASES[line.basis][say.language]}{say('; ', ' ; ')}{MODES[line.mode][say.language]}"
        + f"{say('; ', ' ; ')}{channels} ({line.source}).{note}"
    )


def _collected(tax: Tax, say: Speaker) -> str:
    if tax.low_value_collector == "NONE":
        return ""
    return say(
        ", collected by the vendor at or under the de minimis",
        ", perçue par le vendeur jusqu’au seuil de franchise",
    )


def _capacity(line: Capacity, say: Speaker) -> str:
    place = say(f"port {line.port}", f"lieu d’arrivée {line.port}")
    if line.office:
        place = say(f"office {line.office}", f"bureau {line.office}")
    amount = _amount(line.items_per_day, say)
    note = f" {line.note.strip()}" if line.note else ""
    return (
        say(f"{place}: {amount} items a day, ", f"{place} : {amount} envois par jour, ")
        + f"{_when(line, say)} ({line.source}).{note}"
    )


def _when(line: Dated, say: Speaker) -> str:
    start = (
        say(f"from {line.valid_from}", f"à partir du {line.valid_from}")
        if line.valid_from
        else say("from before the series", "dès avant la série")
    )
    return start + (say(f" until {line.valid_to}", f" jusqu’au {line.valid_to}") if line.valid_to else "")


def _amount(amount: object, say: Speaker) -> str:
    text = f"{amount:,}"
    return say(text, text.replace(",", "\u202f").replace(".", ","))
