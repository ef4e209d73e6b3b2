"""Progress in words: what one member reported, and how it scores, for who may see all of it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pacific_parcels.frameworks import load_frameworks
from pacific_parcels.gap import codes_of
from pacific_parcels.members import Member
from pacific_parcels.progress.history import Belief
from pacific_parcels.progress.measured import measured_of, meet
from pacific_parcels.progress.scores import (
    CommitmentShares,
    Forecast,
    StageScore,
    Timeliness,
    commitment_shares,
    forecast,
    matched_rates,
    stage_score,
    timeliness,
)
from pacific_parcels.publishing import current
from pacific_parcels.settings import Settings

Language = Literal["en", "fr"]

WORDS: dict[str, dict[Language, str]] = {
    "title": {
        "en": "{name}: what was believed on {day}",
        "fr": "{name} : ce qui était tenu pour vrai le {day}",
    },
    "synthetic": {
        "en": "SYNTHETIC: made by a program, true of no country.",
        "fr": "DONNÉES SYNTHÉTIQUES : produites par un programme, vraies d'aucun pays.",
    },
    "nothing": {"en": "Nothing was reported yet.", "fr": "Rien n'a encore été déclaré."},
    "stages": {
        "en": "stages {rate}: full {full}, partial {partial}, pilot {pilot}, none {none}; "
        "not known {not_known}{bounds}",
        "fr": "stades {rate} : plein {full}, partiel {partial}, pilote {pilot}, néant {none} ; "
        "non connu {not_known}{bounds}",
    },
    "bounds": {"en": " (between {lowest} and {highest})", "fr": " (entre {lowest} et {highest})"},
    "commitments": {
        "en": "commitments: to date {to_date}, by a date without support {without_support}, with support "
        "{with_support}, not yet designated {not_designated}, unknown {unknown}",
        "fr": "engagements : à ce jour {to_date}, à une date sans assistance {without_support}, "
        "avec assistance {with_support}, pas encore désignés {not_designated}, inconnus {unknown}",
    },
    "actions": {
        "en": "actions {actions}: due {due}, done on time {on_time} ({pct}), late {late}, overdue {overdue}, "
        "stopped {stopped}; median slippage {slippage} days",
        "fr": "actions {actions} : échues {due}, achevées à temps {on_time} ({pct}), en retard {late}, "
        "en souffrance {overdue}, arrêtées {stopped} ; glissement médian {slippage} jours",
    },
    "back": {
        "en": "fell back without a reason: {framework}, {measure}, {day}",
        "fr": "recul sans raison indiquée : {framework}, {measure}, {day}",
    },
    "GIVEN": {
        "en": "at the pace so far full implementation comes on {expected}; eight in ten such paths end "
        "between {earliest} and {latest}",
        "fr": "au rythme actuel, la mise en œuvre complète est atteinte le {expected} ; huit trajectoires "
        "sur dix s'achèvent entre {earliest} et {latest}",
    },
    "measured": {
        "en": "beside what your extracts show: {framework}, {measure}, stage “{stage}”; {title}: {value} "
        "(median of {months} months)",
        "fr": "à côté de ce que montrent vos extraits : {framework}, {measure}, stade « {stage} » ; "
        "{title} : {value} (médiane de {months} mois)",
    },
    "BESIDE": {"en": "  Why they stand together: {reason}", "fr": "  Pourquoi ce rapprochement : {reason}"},
    "TOO_LITTLE": {
        "en": "  Fewer than six months have a figure: nothing follows yet. {reason}",
        "fr": "  Moins de six mois ont une valeur : rien n'en découle encore. {reason}",
    },
    "CLAIMED_NOT_SEEN": {
        "en": "  The two do not seem to fit, and both can be right. Please look at it before others do. "
        "{reason}",
        "fr": "  Les deux ne semblent pas s'accorder, et les deux peuvent être exacts. Veuillez y regarder "
        "avant d'autres. {reason}",
    },
    "SEEN_NOT_CLAIMED": {
        "en": "  The extracts show more than the assessment says. It may be time to assess it anew. {reason}",
        "fr": "  Les extraits montrent plus que ne dit l'évaluation. Il est peut-être temps de l'actualiser. "
        "{reason}",
    },
    "not_published": {
        "en": "Nothing is published yet that the assessments could be set beside.",
        "fr": "Rien n'est encore publié à côté de quoi placer les évaluations.",
    },
    "open": {"en": "no date that can be told", "fr": "une date qui ne peut être dite"},
    "REACHED": {"en": "fully implemented", "fr": "pleinement mis en œuvre"},
    "TOO_FEW": {
        "en": "no forecast: fewer than four months with assessments of the same measures",
        "fr": "pas de prévision : moins de quatre mois avec des évaluations des mêmes mesures",
    },
    "TOO_SHORT": {
        "en": "no forecast: less than a year of assessments",
        "fr": "pas de prévision : moins d'un an d'évaluations",
    },
    "NO_PROGRESS": {
        "en": "no forecast: no progress over the time that was assessed",
        "fr": "pas de prévision : aucun progrès sur la durée évaluée",
    },
    "TOO_FAR": {
        "en": "no forecast: at this pace it is more than fifty years away",
        "fr": "pas de prévision : à ce rythme, plus de cinquante ans",
    },
}

UNITS: dict[str, dict[Language, str]] = {
    "PERCENT": {"en": "%", "fr": "%"},
    "DAYS": {"en": "days", "fr": "jours"},
    "HOURS": {"en": "hours", "fr": "heures"},
    "USD": {"en": "US$", "fr": "$ US"},
}


def report_lines(settings: Settings, member: Member, as_of: date, language: Language) -> list[str]:
    """What was believed of one member at the end of a day, and its scores, line by line."""

    def say(key: str, **values: object) -> str:
        return WORDS[key][language].format(**values)

    name = getattr(member.name, language)
    lines = [say("title", name=name, day=as_of)]
    with Belief(settings, as_of, [member.code]) as belief:
        if belief.is_synthetic:
            lines.append(say("synthetic"))
        assessments, stages = belief.assessments(), belief.stages()
        commitments, actions, back = belief.commitments(), belief.actions(), belief.steps_back()
    for framework in load_frameworks().values():
        assessed = [one for one in stages.values() if one.framework_code == framework.code]
        committed = [one for one in commitments if one.framework_code == framework.code]
        if not assessed and not committed:
            continue
        lines.append(f"{getattr(framework, f'name_{language}')} ({framework.code})")
        if assessed:
            measures = None if framework.is_open else len(framework.measures)
            score = stage_score((one.stage_code for one in assessed), measures)
            lines.append("  " + _stages(score, language))
            history = [one for one in assessments if one.framework_code == framework.code]
            lines.append("  " + _forecast(forecast(matched_rates(framework, history)), language))
        if committed:
            codes = [one.measure_code for one in committed if framework.is_open]
            codes += [one.code for one in framework.measures if not framework.is_open]
            lines.append("  " + _commitments(commitment_shares(codes, committed, as_of), language))
    if actions:
        lines.append(_actions(timeliness(actions, as_of), language))
    lines += [
        say("back", framework=one.framework_code, measure=one.measure_code, day=one.assessed_on)
        for one in back
    ]
    return lines if assessments or commitments or actions else [*lines, say("nothing")]


def measured_lines(settings: Settings, member: Member, as_of: date, language: Language) -> list[str]:
    """Each assessed measure beside what the member's own published file shows of it."""
    pointer = current(settings)
    file = pointer["audiences"].get(f"member_{member.code.lower()}") if pointer else None
    if file is None:
        return [WORDS["not_published"][language]]
    with Belief(settings, as_of, [member.code]) as belief:
        stages = {key[1:]: one.stage_code for key, one in belief.stages().items()}
    names = {code.code: getattr(code, f"name_{language}").lower() for code in codes_of("stages")}
    lines = []
    for one in meet(stages, measured_of(settings.published / file, member.code, as_of)):
        value, unit = f"{one.measured.value:,.1f}", UNITS.get(one.measured.unit_measure, {}).get(language, "")
        lines.append(
            WORDS["measured"][language].format(
                framework=one.framework_code,
                measure=one.counterpart.measure_code,
                stage=names[one.stage_code],
                title=getattr(one.measured, f"title_{language}"),
                value=f"{value if language == 'en' else _in_french(value)} {unit}".strip(),
                months=one.measured.months,
            )
        )
        reason = getattr(one.counterpart, f"reason_{language}")
        lines.append(WORDS[one.verdict][language].format(reason=reason))
    return lines


def _in_french(number: str) -> str:
    return number.replace(",", "\u202f").replace(".", ",")


def _pct(value: float | None, language: Language) -> str:
    if value is None:
        return "–"
    return f"{value:.1f} %" if language == "en" else f"{_in_french(f'{value:.1f}')} %"


def _stages(score: StageScore, language: Language) -> str:
    bounds = ""
    if score.not_known:
        bounds = WORDS["bounds"][language].format(
            lowest=_pct(score.lowest_pct, language), highest=_pct(score.highest_pct, language)
        )
    return WORDS["stages"][language].format(
        rate=_pct(score.rate_pct, language),
        full=score.full,
        partial=score.partial,
        pilot=score.pilot,
        none=score.none,
        not_known=score.not_known,
        bounds=bounds,
    )


def _commitments(shares: CommitmentShares, language: Language) -> str:
    return WORDS["commitments"][language].format(
        to_date=_pct(shares.pct("to_date"), language),
        without_support=_pct(shares.pct("without_support"), language),
        with_support=_pct(shares.pct("with_support"), language),
        not_designated=_pct(shares.pct("not_designated"), language),
        unknown=_pct(shares.pct("unknown"), language),
    )


def _actions(figures: Timeliness, language: Language) -> str:
    slippage = "–" if figures.slippage_days is None else f"{figures.slippage_days:g}"
    return WORDS["actions"][language].format(
        actions=figures.actions,
        due=figures.due,
        on_time=figures.on_time,
        pct=_pct(figures.on_time_pct, language),
        late=figures.late,
        overdue=figures.overdue,
        stopped=figures.stopped,
        slippage=slippage if language == "en" else _in_french(slippage),
    )


def _forecast(found: Forecast, language: Language) -> str:
    return WORDS[found.status][language].format(
        expected=found.expected,
        earliest=found.earliest,
        latest=found.latest or WORDS["open"][language],
    )
