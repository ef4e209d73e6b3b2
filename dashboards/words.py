"""Every sentence, number and date that a person reads, in English and in French.

A key has both languages or does not exist. The tests fail on a key that no page uses and on a used key that
is not here. Families of keys (`obs_status.P`, …) are read through `Words.term`.
"""

from __future__ import annotations

import datetime
from typing import NamedTuple

LANGUAGES = ("en", "fr")
LANGUAGE_NAMES = {"en": "English", "fr": "Français"}

THIN_SPACE = "\u202f"  # French groups thousands with a narrow no-break space and sets % and $ off with one
NO_BREAK_SPACE = "\u00a0"


class Text(NamedTuple):
    en: str
    fr: str


WORDS: dict[str, Text] = {
    # every page
    "app.name": Text("Pacific Parcels", "Pacific Parcels"),
    "app.region": Text("Region", "Région"),
    "app.table": Text("The same as a table", "Les mêmes données en tableau"),
    "app.member": Text("Member", "Membre"),
    "app.month": Text("Month", "Mois"),
    "app.value": Text("Value", "Valeur"),
    "app.status": Text("Status", "Statut"),
    "app.scroll": Text("Table, scrolls sideways: {title}", "Tableau à défilement horizontal : {title}"),
    "app.as_of": Text(
        "As of {as_of}. Months from {first} to {last}. {audience} Run {run}.",
        "Situation au {as_of}. Mois de {first} à {last}. {audience} Exécution {run}.",
    ),
    "app.source": Text(
        "Source: extracts of the members, compiled by Pacific Parcels; as of {as_of}, run {run}.",
        "Source : extractions des membres, compilées par Pacific Parcels ; situation au {as_of}, exécution "
        "{run}.",
    ),
    "app.source_synthetic": Text(
        "Synthetic data: no figure here is real.", "Données synthétiques : aucun chiffre n’est réel."
    ),
    "app.chart_source": Text("Pacific Parcels, {as_of}", "Pacific Parcels, {as_of}"),
    "app.chart_source_synthetic": Text(
        "SYNTHETIC DATA · Pacific Parcels, {as_of}", "DONNÉES SYNTHÉTIQUES · Pacific Parcels, {as_of}"
    ),
    "app.synthetic": Text(
        "**Synthetic data.** Every figure on this page comes from invented extracts made for demonstration. "
        "None describes a real parcel, port or administration.",
        "**Données synthétiques.** Tous les chiffres de cette page proviennent d’extractions inventées pour "
        "la "
        "démonstration. Aucun ne décrit un colis, un port ou une administration réels.",
    ),
    "app.failed": Text(
        "Something went wrong on our side. Reload the page; if it happens again, tell the secretariat the "
        "time and what you "
        "had chosen.",
        "Une erreur s’est produite de notre côté. Rechargez la page ; si l’erreur se répète, indiquez au "
        "secrétariat l’heure "
        "et ce que vous aviez choisi.",
    ),
    "app.not_shared": Text(
        "This table is not shared with this audience.", "Ce tableau n’est pas communiqué à ce public."
    ),
    "audience.public": Text("Public figures.", "Chiffres publics."),
    "audience.secretariat": Text("Figures for the secretariat only.", "Chiffres réservés au secrétariat."),
    "app.member_audience": Text(
        "Figures for {member} only: its own in full, the region’s as members may see them.",
        "Chiffres réservés au membre « {member} » : les siens en entier, ceux de la région tels que les "
        "membres peuvent les voir.",
    ),
    # who is asking
    "sign_in.title": Text("Sign in", "Se connecter"),
    "sign_in.out": Text("Sign out", "Se déconnecter"),
    "sign_in.again": Text("Sign in again", "Se reconnecter"),
    "sign_in.signed_in": Text("Signed in as {account}", "Connecté en tant que {account}"),
    "sign_in.account": Text("Account", "Compte"),
    "sign_in.password": Text("Password", "Mot de passe"),
    "sign_in.refused": Text(
        "This did not work: the account or the password is wrong, or the account waits after too many "
        "attempts. Wait a little and try again, or ask the secretariat.",
        "La connexion a échoué : le compte ou le mot de passe est faux, ou le compte est en attente après "
        "trop d’essais. Patientez un peu et réessayez, ou adressez-vous au secrétariat.",
    ),
    "sign_in.not_admitted": Text("You are not signed in here", "Vous n’êtes pas connecté ici"),
    "not_admitted.unknown": Text(
        "Your sign-in is not known here, or its e-mail address is not verified. Ask the secretariat to enter "
        "it.",
        "Votre identité n’est pas connue ici, ou son adresse électronique n’est pas vérifiée. Demandez au "
        "secrétariat de l’inscrire.",
    ),
    "not_admitted.expired": Text(
        "Your sign-in has expired. Sign in again.", "Votre connexion a expiré. Reconnectez-vous."
    ),
    "not_admitted.ended": Text(
        "You have signed out. Sign in again to see more than the public figures.",
        "Vous vous êtes déconnecté. Reconnectez-vous pour voir davantage que les chiffres publics.",
    ),
    "not_admitted.proxy": Text(
        "These pages are reached through the proxy in front of them only.",
        "Ces pages ne sont accessibles que par le serveur mandataire placé devant elles.",
    ),
    "not_admitted.not_local": Text(
        "PACIFIC_PARCELS_AUDIENCE opens more than the public figures only for a person at this very "
        "computer. For others, set up a way to sign in (docs/OPERATIONS.md).",
        "PACIFIC_PARCELS_AUDIENCE n’ouvre davantage que les chiffres publics qu’à une personne travaillant "
        "sur cet ordinateur même. Pour les autres, mettez en place une connexion (docs/OPERATIONS.md).",
    ),
    "not_admitted.two_ways": Text(
        "Both PACIFIC_PARCELS_SIGN_IN and PACIFIC_PARCELS_AUDIENCE are set. Take one of them away.",
        "PACIFIC_PARCELS_SIGN_IN et PACIFIC_PARCELS_AUDIENCE sont toutes deux définies. Retirez l’une des "
        "deux.",
    ),
    "not_admitted.misconfigured": Text(
        "The file that says who may sign in cannot be used. The server’s log says why.",
        "Le fichier qui dit qui peut se connecter est inutilisable. Le journal du serveur dit pourquoi.",
    ),
    # nothing to show
    "unavailable.title": Text("There is nothing to show yet", "Il n’y a encore rien à afficher"),
    "unavailable.missing": Text(
        "No publication was found in the data folder.",
        "Aucune publication n’a été trouvée dans le dossier de données.",
    ),
    "unavailable.incomplete": Text(
        "The last publication cannot be read: a file is missing or was not written to its end.",
        "La dernière publication est illisible : un fichier manque ou n’a pas été écrit jusqu’au bout.",
    ),
    "unavailable.older": Text(
        "The publication was written by an older version of Pacific Parcels and lacks tables that these "
        "pages need.",
        "La publication provient d’une version antérieure de Pacific Parcels : il y manque des tables "
        "nécessaires à ces "
        "pages.",
    ),
    "unavailable.audience": Text(
        "There is no publication for your audience. No other audience’s figures are shown in its place.",
        "Il n’y a pas de publication pour votre catégorie de lecteurs. Les chiffres d’une autre catégorie ne "
        "sont pas affichés à sa place.",
    ),
    "unavailable.remedy": Text(
        "Type this in the project folder, then reload this page:",
        "Saisissez ceci dans le dossier du projet, puis rechargez cette page :",
    ),
    "unavailable.home": Text("Data folder: {home}", "Dossier de données : {home}"),
    # codes
    "obs_status.A": Text("final", "définitif"),
    "obs_status.P": Text("provisional", "provisoire"),
    "obs_status.E": Text("estimated", "estimé"),
    "obs_status.M": Text("missing or withheld", "manquant ou non diffusé"),
    "obs_status.C": Text("confidential", "confidentiel"),
    "coverage.REPORTED": Text("Reported", "Déclaré"),
    "coverage.NIL": Text("Nil report", "Déclaration néant"),
    "coverage.HELD": Text("Held by the checks", "Retenu par les contrôles"),
    "coverage.MISSING": Text("Missing", "Manquant"),
    "coverage.NOT_YET_REPORTING": Text("Not reporting yet", "Ne déclare pas encore"),
    "suite.harmonised": Text("Members’ data", "Données des membres"),
    "suite.indicators": Text("Indicators", "Indicateurs"),
    "suite.published": Text("Published files", "Fichiers publiés"),
    "severity.critical": Text("critical", "critique"),
    "severity.warning": Text("warning", "avertissement"),
    "check.FAIL": Text("failed", "échec"),
    "check.ERRORED": Text("could not be carried out", "non effectué"),
    "level.FATAL": Text("extract refused", "extraction refusée"),
    "level.ERROR": Text("row rejected", "ligne rejetée"),
    "level.WARNING": Text("row kept, counted", "ligne conservée, comptée"),
    # overview
    "overview.title": Text("Overview", "Vue d’ensemble"),
    "overview.lead": Text(
        "Small parcels crossing the borders of the region.", "Les petits colis aux frontières de la région."
    ),
    "overview.figures": Text("The region at a glance", "La région en bref"),
    "overview.items": Text("Parcels", "Colis"),
    "overview.items_note": Text("in {month}", "en {month}"),
    "overview.value": Text("Declared value", "Valeur déclarée"),
    "overview.growth_yoy": Text("Growth in one year", "Croissance sur un an"),
    "overview.growth_3y": Text("Growth in three years", "Croissance sur trois ans"),
    "overview.growth_note": Text(
        "to {month}, members with data at both ends", "jusqu’en {month}, membres présents aux deux dates"
    ),
    "overview.share_le_100": Text("At or under US$100", "Jusqu’à 100\u00a0$\u00a0US"),
    "overview.share_le_de_minimis": Text("At or under de minimis", "Jusqu’au seuil de minimis"),
    "overview.share_note": Text("of parcels in {month}", "des colis en {month}"),
    "overview.busiest": Text("Busiest port", "Port le plus chargé"),
    "overview.busiest_note": Text("{items} parcels on {date}", "{items} colis le {date}"),
    "overview.busiest_none": Text("no port may be shown", "aucun port diffusable"),
    "overview.duty": Text("Duty", "Droits de douane"),
    "overview.duty_and_tax_note": Text("and {tax} of tax, in {month}", "et {tax} de taxes, en {month}"),
    "overview.no_figure": Text("not available", "non disponible"),
    "overview.withheld": Text(
        "The regional totals of {month} are withheld because these members are still missing or held: "
        "{members}. "
        "The figures above are those of the latest complete month.",
        "Les totaux régionaux de {month} ne sont pas diffusés, car les données de ces membres manquent ou "
        "sont retenues : "
        "{members}. Les chiffres ci-dessus sont ceux du dernier mois complet.",
    ),
    "overview.complete": Text(
        "Every member that has begun to report is in the figures of {month}.",
        "Tous les membres qui ont commencé à déclarer figurent dans les chiffres de {month}.",
    ),
    "overview.trend": Text("Parcels per month, whole region", "Colis par mois, région entière"),
    "overview.channels": Text("By channel, {month}", "Par canal, {month}"),
    "overview.channels_summary": Text(
        "Largest channel in {month}: {channel} with {value} parcels.",
        "Premier canal en {month} : {channel}, {value} colis.",
    ),
    "overview.channels_none": Text(
        "No channel may be shown for this month.", "Aucun canal n’est diffusable pour ce mois."
    ),
    "overview.reporting": Text("Who has reported", "Qui a déclaré"),
    "overview.reporting_summary": Text(
        "Reported for {month}: {reported} of the {expected} members that have begun to report.",
        "Déclarations pour {month} : {reported} sur les {expected} membres qui ont commencé à déclarer.",
    ),
    "overview.not_reporting": Text("Not reporting yet: {members}.", "Ne déclarent pas encore : {members}."),
    "overview.definitions": Text("What these figures mean", "Ce que signifient ces chiffres"),
    # trends
    "trends.title": Text("Trends", "Tendances"),
    "trends.lead": Text(
        "One indicator over time. The address of this page holds your choices: send it to share the view.",
        "Un indicateur dans le temps. L’adresse de cette page contient vos choix : envoyez-la pour partager "
        "la vue.",
    ),
    "trends.indicator": Text("Indicator", "Indicateur"),
    "trends.definition": Text("Definition", "Définition"),
    "trends.formula": Text("Formula", "Formule"),
    "trends.standard": Text("Standard", "Norme"),
    "trends.limits": Text("Limits", "Limites"),
    "trends.members": Text("Members (up to six)", "Membres (six au plus)"),
    "trends.choose_members": Text("Choose members", "Choisir des membres"),
    "trends.split": Text("Split", "Ventilation"),
    "trends.split_member": Text("By member", "Par membre"),
    "trends.split_channel": Text("By channel", "Par canal"),
    "trends.split_value_band": Text("By value", "Par valeur"),
    "trends.scale": Text("Scale", "Échelle"),
    "trends.level": Text("Level", "Niveau"),
    "trends.index": Text("Index", "Indice"),
    "trends.index_note": Text(
        "Index: chain-linked over members with data at both ends of each month; first month of the region = "
        "100.",
        "Indice : chaîné sur les membres présents aux deux bouts de chaque mois ; premier mois de la région "
        "= 100.",
    ),
    "trends.months": Text("Months", "Mois"),
    "trends.all_months": Text("All", "Tous"),
    "trends.months_12": Text("12", "12"),
    "trends.months_24": Text("24", "24"),
    "trends.months_36": Text("36", "36"),
    "trends.interval": Text("{status}; between {lower} and {upper}", "{status} ; entre {lower} et {upper}"),
    "trends.events": Text(
        "What happened in these months ({count} in the chart)",
        "Ce qui s’est passé durant ces mois ({count} dans le graphique)",
    ),
    "trends.none": Text(
        "Nothing is published for this choice. Choose another member or another indicator.",
        "Rien n’est publié pour ce choix. Choisissez un autre membre ou un autre indicateur.",
    ),
    "trends.no_indicator": Text(
        "This publication holds no indicator yet.", "Cette publication ne contient encore aucun indicateur."
    ),
    "trends.summary_one": Text(
        "{name}: from {first_value} in {first_month} to {last_value} in {last_month}. {marks}",
        "{name} : de {first_value} en {first_month} à {last_value} en {last_month}. {marks}",
    ),
    "trends.summary_many": Text(
        "In {month}, highest: {highest} ({highest_value}); lowest: {lowest} ({lowest_value}). {marks}",
        "En {month}, maximum : {highest} ({highest_value}) ; minimum : {lowest} ({lowest_value}). {marks}",
    ),
    "trends.summary_none": Text(
        "No figure of this choice may be shown. {marks}",
        "Aucun chiffre de ce choix n’est diffusable. {marks}",
    ),
    "trends.marks": Text(
        "Missing or withheld: {missing}; confidential: {confidential}; provisional: {provisional}.",
        "Manquants ou non diffusés : {missing} ; confidentiels : {confidential} ; provisoires : "
        "{provisional}.",
    ),
    "trends.key": Text(
        "Dashed line and hollow mark: provisional or estimated. Gap: missing or withheld. Letter c: "
        "confidential.",
        "Tiret et marque creuse : provisoire ou estimé. Interruption : manquant ou non diffusé. Lettre c : "
        "confidentiel.",
    ),
    # data quality
    "quality.title": Text("Data quality", "Qualité des données"),
    "quality.lead": Text(
        "What arrived, what was accepted, what the checks found.",
        "Ce qui est arrivé, ce qui a été accepté, ce que les contrôles ont trouvé.",
    ),
    "quality.coverage": Text("Coverage by member and month", "Couverture par membre et par mois"),
    "quality.coverage_summary": Text(
        "Member-months since each member began: {expected}; in force: {reported}; held: {held}; missing: "
        "{missing}.",
        "Mois-membres depuis le début de chaque membre : {expected} ; en vigueur : {reported} ; retenus : "
        "{held} ; "
        "manquants : {missing}.",
    ),
    "quality.acceptance": Text("Rows received and accepted", "Lignes reçues et acceptées"),
    "quality.acceptance_summary": Text(
        "Of {rows_in} rows received, {share} were accepted; rejected: {rejected}; duplicate: {duplicate}.",
        "Sur {rows_in} lignes reçues, {share} ont été acceptées ; rejetées : {rejected} ; en double : "
        "{duplicate}.",
    ),
    "quality.extracts": Text("Extracts", "Extractions"),
    "quality.refused": Text("Refused", "Refusées"),
    "quality.rows_in": Text("Rows in", "Lignes reçues"),
    "quality.rows_accepted": Text("Accepted", "Acceptées"),
    "quality.rows_rejected": Text("Rejected", "Rejetées"),
    "quality.rows_duplicate": Text("Duplicate", "En double"),
    "quality.share_accepted": Text("Accepted share", "Part acceptée"),
    "quality.rejections": Text("Why rows were rejected", "Pourquoi des lignes ont été rejetées"),
    "quality.no_rejections": Text("No rule was broken.", "Aucune règle n’a été enfreinte."),
    "quality.rule": Text("Rule", "Règle"),
    "quality.finding": Text("What was found", "Constat"),
    "quality.remedy": Text("What the member can do", "Ce que le membre peut faire"),
    "quality.consequence": Text("Consequence", "Conséquence"),
    "quality.rows": Text("Rows", "Lignes"),
    "quality.members": Text("Members", "Membres"),
    "quality.held": Text("Data held back", "Données retenues"),
    "quality.held_lead": Text(
        "A month that fails a critical check is held; the member’s last good version stays in force.",
        "Un mois qui échoue à un contrôle critique est retenu ; la dernière bonne version du membre reste "
        "en vigueur.",
    ),
    "quality.no_held": Text("Nothing is held back.", "Rien n’est retenu."),
    "quality.stream": Text("Stream", "Flux"),
    "quality.reason": Text("Reason", "Motif"),
    "quality.check": Text("Check", "Contrôle"),
    "quality.checks": Text("Checks of this publication", "Contrôles de cette publication"),
    "quality.checks_summary": Text(
        "Passed: {passed}; failed: {failed}; could not be carried out: {errored}.",
        "Réussis : {passed} ; échoués : {failed} ; non effectués : {errored}.",
    ),
    "quality.suite": Text("Suite", "Série"),
    "quality.passed": Text("Passed", "Réussis"),
    "quality.failed": Text("Failed", "Échoués"),
    "quality.errored": Text("Not carried out", "Non effectués"),
    "quality.severity": Text("Severity", "Gravité"),
    "quality.result": Text("Result", "Résultat"),
    "quality.unexpected": Text("Findings", "Constats"),
    "quality.rates": Text(
        "Exchange rates on which two sources disagree", "Taux de change sur lesquels deux sources divergent"
    ),
    "quality.no_rates": Text(
        "The sources agree in every month.", "Les sources concordent pour tous les mois."
    ),
    "quality.currency": Text("Currency", "Monnaie"),
    "quality.period": Text("Months", "Mois"),
    "quality.rate_used": Text("Source used", "Source retenue"),
    "quality.rate_other": Text("Other source", "Autre source"),
    "quality.difference": Text("Largest difference", "Écart maximal"),
    # check a file
    "preflight.title": Text("Check a file", "Vérifier un fichier"),
    "preflight.lead": Text(
        "What receiving would say of an extract, before it is sent.",
        "Ce que la réception dirait d’une extraction, avant son envoi.",
    ),
    "preflight.keeps_nothing": Text(
        "Nothing is kept: the file stays in the memory of this server until you close the page, and the "
        "temporary folder of the check is removed at once. The largest file that can be checked here has "
        "{size}\u00a0MB; pacific-parcels check on your own computer has no limit.",
        "Rien n’est conservé : le fichier reste dans la mémoire de ce serveur jusqu’à la fermeture de la "
        "page, et le dossier temporaire de la vérification est supprimé aussitôt. Le plus grand fichier "
        "vérifiable ici fait {size}\u00a0Mo ; pacific-parcels check, sur votre ordinateur, n’a pas de "
        "limite.",
    ),
    "preflight.file": Text("The extract (up to {size}\u00a0MB)", "L’extraction (jusqu’à {size}\u00a0Mo)"),
    "preflight.too_large": Text(
        "The file is larger than {size}\u00a0MB. Check it with pacific-parcels check on your own computer.",
        "Le fichier dépasse {size}\u00a0Mo. Vérifiez-le avec pacific-parcels check, sur votre ordinateur.",
    ),
    "preflight.running": Text("Checking the file…", "Vérification du fichier…"),
    "preflight.without_value": Text("without a readable value: {rows}", "sans valeur lisible : {rows}"),
    "preflight.what_to_do": Text("What to do:", "Que faire :"),
    "preflight.nothing": Text("nothing", "rien"),
    "preflight.sheet": Text("Sheet", "Feuille"),
    "preflight.column": Text("Column", "Colonne"),
    "preflight.found": Text("Found", "Trouvé"),
    "preflight.expected": Text("Expected", "Attendu"),
    "preflight.rejects": Text("Every row left out (CSV)", "Toutes les lignes écartées (CSV)"),
    "preflight.rejects_too_large": Text(
        "The list of rows left out is too long to be sent: most of the file is wrong in the same way. "
        "pacific-parcels check on your own computer writes it.",
        "La liste des lignes écartées est trop longue pour être transmise : la plupart des lignes ont le "
        "même défaut. pacific-parcels check, sur votre ordinateur, l’écrit.",
    ),
    "preflight_rows.row": Text("Rows:", "Lignes :"),
    "preflight_rows.record": Text("Records:", "Enregistrements :"),
    "preflight_row.row": Text("Row", "Ligne"),
    "preflight_row.record": Text("Record", "Enregistrement"),
    "preflight_failure.busy": Text(
        "Other files are being checked just now. Try again in a minute.",
        "D’autres fichiers sont en cours de vérification. Réessayez dans une minute.",
    ),
    "preflight_failure.time": Text(
        "The check took too long and was ended. Check the file with pacific-parcels check on your own "
        "computer.",
        "La vérification a duré trop longtemps et a été arrêtée. Vérifiez le fichier avec pacific-parcels "
        "check, sur votre ordinateur.",
    ),
    "preflight_failure.failed": Text(
        "The check could not be carried out; the fault is on our side. Tell the secretariat which member you "
        "had chosen.",
        "La vérification n’a pas pu être effectuée ; l’erreur est de notre côté. Indiquez au secrétariat le "
        "membre choisi.",
    ),
}

MONTHS = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
}
SHORT_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
}


class Words:
    """The words of one language: `say("key", name=value)` for a sentence, methods for numbers and dates."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"language {language!r}; expected one of {', '.join(LANGUAGES)}")
        self.language = language

    def __call__(self, key: str, **values: str) -> str:
        text: str = getattr(WORDS[key], self.language)
        if self.language == "fr":  # French sets these off with a space, at which no line may break
            text = text.replace(" :", f"{NO_BREAK_SPACE}:").replace(" ;", f"{THIN_SPACE};")
        text = text.replace(": {", f":{NO_BREAK_SPACE}{{")  # a figure stays on the line of its word
        return text.format(**values) if values else text

    def term(self, family: str, code: str) -> str:
        """The words for a code; a code that these pages do not know is shown as it is."""
        key = f"{family}.{code}"
        return self(key) if key in WORDS else code

    def status(self, obs_status: str, conf_status: str) -> str:
        """The status of one observation in words: confidential before all, then its obs_status."""
        return self.term("obs_status", "C" if conf_status == "C" else obs_status)

    def number(self, value: float, decimals: int = 0) -> str:
        text = f"{value:,.{decimals}f}".replace("-", "−")
        if self.language == "fr":
            text = text.replace(",", THIN_SPACE).replace(".", ",")
        return text

    def percent(self, value: float, decimals: int = 1, *, signed: bool = False) -> str:
        if abs(value) >= 100 and signed:
            decimals = 0
        sign = "+" if signed and value > 0 else ""
        return sign + self.number(value, decimals) + (f"{THIN_SPACE}%" if self.language == "fr" else "%")

    def usd(self, value: float) -> str:
        """Whole dollars; from a million on, three digits and the unit (billions are M$ in thousands in "
        "French)."""
        millions = value / 1e6
        if abs(millions) < 0.9995:
            return (
                f"{self.number(value)}{NO_BREAK_SPACE}$ US"
                if self.language == "fr"
                else f"US${self.number(value)}"
            )
        if self.language == "en" and abs(millions) >= 999.5:
            return f"US${self._three_digits(millions / 1000)} billion"
        amount = self._three_digits(millions)
        return f"{amount}{NO_BREAK_SPACE}M$ US" if self.language == "fr" else f"US${amount} million"

    def _three_digits(self, value: float) -> str:
        return self.number(value, 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0)

    def figure(self, indicator_code: str, value: float | None) -> str:
        """A figure in the form that the indicator's code asks for (its suffix names the unit: DESIGN of "
        "codes)."""
        if value is None or value != value:
            return "–"
        if indicator_code.endswith("_PCT"):
            return self.percent(value, signed="_GROWTH_" in indicator_code)
        if indicator_code.endswith("_USD"):
            return self.usd(value)
        if indicator_code.endswith(("_INDEX", "_DAYS")):
            return self.number(value, 1)
        return self.number(value)

    def month(self, time_period: str) -> str:
        """`2026-03` as March 2026 or mars 2026."""
        year, month = time_period.split("-")
        return f"{MONTHS[self.language][int(month) - 1]} {year}"

    def short_month(self, time_period: str) -> str:
        year, month = time_period.split("-")
        return f"{SHORT_MONTHS[self.language][int(month) - 1]} {year}"

    def date(self, date: datetime.date) -> str:
        """14 March 2026, or 14 mars 2026; the first of a month is `1er` in French."""
        day = "1er" if self.language == "fr" and date.day == 1 else str(date.day)
        return f"{day} {MONTHS[self.language][date.month - 1]} {date.year}"


def language_of(chosen: str | None, locale: str | None) -> str:
    """The language in the page's address, else the browser's, else English."""
    if chosen in LANGUAGES:
        return str(chosen)
    spoken = (locale or "").replace("_", "-").split("-")[0].lower()
    return spoken if spoken in LANGUAGES else LANGUAGES[0]
