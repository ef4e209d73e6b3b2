"""Progress in words: what one member reported, and how it scores, for who may see all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pacific_parcels.frameworks import Framework, load_frameworks
from pacific_parcels.gap import codes_of
from pacific_parcels.members import Member
from pacific_parcels.progress.history import Action, Assessment, Belief, Commitment
from pacific_parcels.progress.measured import measured_of, meet
from pacific_parcels.progress.scores import (
    CommitmentShares,
    Forecast,
    StageScore,
    Timeliness,
    by_area,
    commitment_shares,
    forecast,
    is_overdue,
    matched_rates,
    region_rate_pct,
    stage_score,
    timeliness,
)
from pacific_parcels.settings import Settings

Language = Literal["en", "fr"]

WORDS: dict[str, dict[Language, str]] = {
    "title": {
        "en": "{name}: what was believed on {day}",
        "fr": "{name} : ce qui était tenu pour vrai le {day}",
    },
    "synthetic": {
        "en": "SYNTHETIC: made by a program, true of no country.",
        "fr": "DONNÉES SYNTHÉTIQUES : produites par un programme, vraies d’aucun pays.",
    },
    "nothing": {"en": "Nothing was reported yet.", "fr": "Rien n’a encore été déclaré."},
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
    "areas": {"en": "by area: {areas}", "fr": "par domaine : {areas}"},
    "evidence": {
        "en": "a document is named for {named} of the {assessed} measures assessed",
        "fr": "un document est cité pour {named} des {assessed} mesures évaluées",
    },
    "next": {
        "en": "next date: {measure} by {day} (category {category})",
        "fr": "prochaine échéance : {measure} le {day} (catégorie {category})",
    },
    "overdue": {
        "en": "overdue: {action}, first due on {day}, {owner}{waits}",
        "fr": "en souffrance : {action}, d’abord prévue pour le {day}, {owner}{waits}",
    },
    "waits": {"en": "; waits for {body}", "fr": " ; dépend de {body}"},
    "trainings": {
        "en": "trainings held {count}, participants {participants}",
        "fr": "formations tenues {count}, participants {participants}",
    },
    "region": {
        "en": "The region: what was believed on {day}",
        "fr": "La région : ce qui était tenu pour vrai le {day}",
    },
    "region_rate": {
        "en": "stages {rate}: the mean over the members that reported, each alike ({members})",
        "fr": "stades {rate} : moyenne des membres ayant déclaré, à égalité ({members})",
    },
    "back": {
        "en": "fell back without a reason: {framework}, {measure}, {day}",
        "fr": "recul sans raison indiquée : {framework}, {measure}, {day}",
    },
    "GIVEN": {
        "en": "at the pace so far full implementation comes on {expected}; eight in ten such paths end "
        "between {earliest} and {latest}",
        "fr": "au rythme actuel, la mise en œuvre complète est atteinte le {expected} ; huit trajectoires "
        "sur dix s’achèvent entre {earliest} et {latest}",
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
        "fr": "  Moins de six mois ont une valeur : rien n’en découle encore. {reason}",
    },
    "CLAIMED_NOT_SEEN": {
        "en": "  The two do not seem to fit, and both can be right. Please look at it before others do. "
        "{reason}",
        "fr": "  Les deux ne semblent pas s’accorder, et les deux peuvent être exacts. Veuillez y regarder "
        "avant d’autres. {reason}",
    },
    "SEEN_NOT_CLAIMED": {
        "en": "  The extracts show more than the assessment says. It may be time to assess it anew. {reason}",
        "fr": "  Les extraits montrent plus que ne dit l’évaluation. Il est peut-être temps de l’actualiser. "
        "{reason}",
    },
    "not_published": {
        "en": "Nothing is published yet that the assessments could be set beside.",
        "fr": "Rien n’est encore publié à côté de quoi placer les évaluations.",
    },
    "open": {"en": "no date that can be told", "fr": "une date qui ne peut être dite"},
    "REACHED": {"en": "fully implemented", "fr": "pleinement mis en œuvre"},
    "TOO_FEW": {
        "en": "no forecast: fewer than four months with assessments of the same measures",
        "fr": "pas de prévision : moins de quatre mois avec des évaluations des mêmes mesures",
    },
    "TOO_SHORT": {
        "en": "no forecast: less than a year of assessments",
        "fr": "pas de prévision : moins d’un an d’évaluations",
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

NEXT_DATES = 3

UNITS: dict[str, dict[Language, str]] = {
    "PERCENT": {"en": "%", "fr": "%"},
    "DAYS": {"en": "days", "fr": "jours"},
    "HOURS": {"en": "hours", "fr": "heures"},
    "USD": {"en": "US$", "fr": "$ US"},
}


def report_lines(settings: Settings, member: Member, as_of: date, language: Language) -> list[str]:
    """What was believed of one member at the end of a day, and its scores, line by line."""
    say = _Say(language)
    lines = [say("title", name=getattr(member.name, language), day=as_of)]
    with Belief(settings, as_of, [member.code]) as belief:
        if belief.is_synthetic:
            lines.append(say("synthetic"))
        assessments, stages = belief.assessments(), list(belief.stages().values())
        commitments, actions, back = belief.commitments(), belief.actions(), belief.steps_back()
        trainings = belief.trainings()
    for framework in load_frameworks().values():
        assessed = [one for one in stages if one.framework_code == framework.code]
        committed = [one for one in commitments if one.framework_code == framework.code]
        if assessed or committed:
            lines.append(f"{getattr(framework, f'name_{language}')} ({framework.code})")
        if assessed:
            history = [one for one in assessments if one.framework_code == framework.code]
            lines += [f"  {line}" for line in _of_stages(framework, assessed, history, say)]
        if committed:
            lines += [f"  {line}" for line in _of_commitments(framework, committed, as_of, say)]
    if actions:
        lines.append(_actions(timeliness(actions, as_of), language))
    lines += [_overdue(one, say) for one in actions if is_overdue(one, as_of)]
    if trainings:
        participants = sum(one.participants_count for one in trainings)
        lines.append(say("trainings", count=len(trainings), participants=participants))
    lines += [
        say("back", framework=one.framework_code, measure=one.measure_code, day=one.assessed_on)
        for one in back
    ]
    return lines if assessments or commitments or actions or trainings else [*lines, say("nothing")]


def region_lines(settings: Settings, members: Sequence[Member], as_of: date, language: Language) -> list[str]:
    """The region at the end of a day: the mean over its members, each alike, and all of their actions."""
    say = _Say(language)
    lines = [say("region", day=as_of)]
    with Belief(settings, as_of, [member.code for member in members]) as belief:
        if belief.is_synthetic:
            lines.append(say("synthetic"))
        stages, actions = belief.stages(), belief.actions()
    for framework in load_frameworks().values():
        by_member: dict[str, dict[str, str]] = {}
        for (member_code, framework_code, measure_code), one in stages.items():
            if framework_code == framework.code:
                by_member.setdefault(member_code, {})[measure_code] = one.stage_code
        if not by_member:
            continue
        rates = [stage_score(of_one.values()).rate_pct for of_one in by_member.values()]
        areas = [by_area(framework, of_one) for of_one in by_member.values()]
        means = {
            area.code: region_rate_pct(of_one[area.code].rate_pct for of_one in areas)
            for area in framework.areas
        }
        lines += [
            f"{getattr(framework, f'name_{language}')} ({framework.code})",
            "  " + say("region_rate", rate=_pct(region_rate_pct(rates), language), members=len(by_member)),
            "  " + say("areas", areas=_areas(means, language)),
        ]
    if actions:
        lines.append(_actions(timeliness(actions, as_of), language))
    return lines if stages or actions else [*lines, say("nothing")]


class _Say:
    """A sentence of WORDS in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, key: str, **values: object) -> str:
        return WORDS[key][self.language].format(**values)


def _of_stages(
    framework: Framework, assessed: Sequence[Assessment], history: Sequence[Assessment], say: _Say
) -> list[str]:
    measures = None if framework.is_open else len(framework.measures)
    areas = by_area(framework, {one.measure_code: one.stage_code for one in assessed})
    named = sum(one.has_evidence for one in assessed)
    return [
        _stages(stage_score((one.stage_code for one in assessed), measures), say.language),
        say("areas", areas=_areas({code: score.rate_pct for code, score in areas.items()}, say.language)),
        say("evidence", named=named, assessed=len(assessed)),
        _forecast(forecast(matched_rates(framework, history)), say.language),
    ]


def _of_commitments(
    framework: Framework, committed: Sequence[Commitment], as_of: date, say: _Say
) -> list[str]:
    """The shares, and the next dates."""
    if framework.is_open:
        codes = [one.measure_code for one in committed]
    else:
        codes = [one.code for one in framework.measures]
    coming = sorted(
        (one.target_date, one.measure_code, one.category_code)
        for one in committed
        if one.target_date is not None and one.target_date > as_of
    )
    return [
        _commitments(commitment_shares(codes, committed, as_of), say.language),
        *(
            say("next", measure=measure, day=day, category=category or "–")
            for day, measure, category in coming[:NEXT_DATES]
        ),
    ]


def _areas(rates: Mapping[str, float | None], language: Language) -> str:
    return " · ".join(f"{code} {_pct(rate, language)}" for code, rate in rates.items()) or "–"


def _overdue(action: Action, say: _Say) -> str:
    waits = say("waits", body=action.blocked_by) if action.blocked_by else ""
    return say(
        "overdue", action=action.action_id, day=action.first_due_date, owner=action.owner_body, waits=waits
    )


def measured_lines(
    settings: Settings, member: Member, published_file: Path | None, as_of: date, language: Language
) -> list[str]:
    """Each assessed measure beside what the member's own published file, if there is one, shows of it."""
    if published_file is None:
        return [WORDS["not_published"][language]]
    with Belief(settings, as_of, [member.code]) as belief:
        stages = {key[1:]: one.stage_code for key, one in belief.stages().items()}
    names = {code.code: getattr(code, f"name_{language}").lower() for code in codes_of("stages")}
    lines = []
    for one in meet(stages, measured_of(published_file, member.code, as_of)):
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
