"""Items of a batch, in columns of the contract, as one SELECT."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from pacific_parcels.demo.chance import (
    choice,
    draw,
    draws,
    happens,
    listed,
    number_of,
    part,
    quantile_factor,
    share_of,
    text_choice,
)
from pacific_parcels.demo.plan import Extract, Month, Unit, days_of, first_day
from pacific_parcels.demo.profile import (
    ADVANCE_DATA_PCT,
    BASIS_WEIGHTS,
    CHANNEL_NAMES,
    CHANNEL_WEIGHTS,
    CURRENCY_ORIGIN_FACTOR,
    DAYS_OF_TRANSPORT,
    FEE_CENTS,
    GOODS,
    HUB_WEIGHTS,
    LANE_WEIGHTS,
    LANGUAGE_ORIGINS,
    MEDIAN_CENTS,
    MEDIAN_GRAMS,
    MEDIAN_MINUTES_TO_RELEASE,
    MINUTES_TO_LODGEMENT,
    MINUTES_TO_RELEASE_AT_MOST,
    ORIGIN_WEIGHTS,
    OTHER_CURRENCY_WEIGHTS,
    OUTCOME_WEIGHTS,
    OUTCOME_WEIGHTS_WHERE_IRREGULAR,
    OWN_CURRENCY_WEIGHT,
    RESULT_WEIGHTS,
    SERVICE_LETTERS,
    SIMPLIFIED_UP_TO_CENTS,
    TAX_PCT_WHERE_NONE_IS_KNOWN,
)
from pacific_parcels.demo.rates import Rates
from pacific_parcels.layout import quoted
from pacific_parcels.members import Layout

SERIALS = 100_000_000


def invented_columns(layout: Layout) -> list[str]:
    """The source columns in which anything may stand: what names parties, and what is ignored."""
    named = [column for source in layout.tokens.values() for column in source.source_columns]
    return list(dict.fromkeys([*named, *layout.ignore]))


class Items:
    """The SELECT of a batch of items: piece, item, fault, and columns of the contract, in cents and grams."""

    def __init__(self, rates: Rates, unit: Unit) -> None:
        self.rates = rates
        self.faults = unit.faults
        self.series = unit.extracts[0].series
        self.member = self.series.member
        self.layout = unit.extracts[0].layout
        self.currencies = self._currencies()
        revenue = self.layout.columns.get("revenue_currency_code")
        self.revenue_currency = (revenue.constant if revenue else None) or self.member.currency

    def available(self, column: str, weights: Mapping[str, float]) -> dict[str, float]:
        """Those codes that the layout can express."""
        source = self.layout.columns.get(column)
        if source is None:
            return dict(weights)
        if source.constant is not None:
            return {source.constant: 1.0}
        if source.lookup is None:
            return dict(weights)
        codes = {str(code) for code in source.lookup.values()}
        return {code: weight for code, weight in weights.items() if code in codes} or dict.fromkeys(
            sorted(codes), 1.0
        )

    def _currencies(self) -> dict[str, float]:
        wishes = {self.member.currency: OWN_CURRENCY_WEIGHT}
        for currency, weight in OTHER_CURRENCY_WEIGHTS.items():
            wishes[currency] = wishes.get(currency, 0.0) + weight
        return self.available("declared_currency_code", wishes)

    def sql(self, batch: list[tuple[Extract, Month]]) -> str:
        """The steps as CTEs, the last of them `items`; a SELECT has to follow. Pieces are numbered from 0."""
        steps = {
            "pieces": self._pieces(batch),
            "numbered": "select *, unnest(range(first_item, first_item + items)) as item from pieces",
            **self._marked(batch),
            **self._seeded(),
            "drawn": f"select * exclude (h1, h2), {draws()} from seeded",
            "chosen": self._chosen(),
            "dated": self._dated(),
            "rates": self._rates(batch),
            "terms": self._terms(batch),
            "valued": self._valued(),
            "charged": self._charged(),
            "settled": self._settled(),
            "treated": self._treated(),
            "concluded": self._concluded(),
            "timed": self._timed(),
            "items": self._items(),
        }
        return "with " + ",\n".join(f"{name} as ({step})" for name, step in steps.items())

    @staticmethod
    def _pieces(batch: list[tuple[Extract, Month]]) -> str:
        values = ", ".join(
            f"({number}, '{month.period}', date '{month.period}-01', {first_day(month.period).weekday()}, "
            f"{days_of(month.period)}, {month.first_item}::bigint, {month.rows}, {month.held_from}::bigint, "
            f"{month.held_day}, {extract.value_pct})"
            for number, (extract, month) in enumerate(batch)
        )
        names = "piece, period, first_day, weekday, days, first_item, items, held_from, held_day, value_pct"
        return f"select * from (values {values}) as piece ({names})"

    def _marked(self, batch: list[tuple[Extract, Month]]) -> dict[str, str]:
        """`fault` is 0 for a sound row; a repeated item is made from the number of the item before it."""
        marks = []
        for number, (extract, month) in enumerate(batch):
            end = month.first_item + month.rows
            marks += [
                f"({number}, {item}::bigint, {fault})"
                for item, fault in extract.faults
                if month.first_item <= item < end
            ]
        if not marks:
            return {"marked": "select *, 0 as fault, item as source_item from numbered"}
        repeated = [number for number, fault in enumerate(self.faults, 1) if fault.kind == "repeated_item"]
        is_repeated = f"coalesce(fault, 0) = {repeated[0] if repeated else -1}"
        return {
            "marks": f"select * from (values {', '.join(marks)}) as mark (piece, item, fault)",
            "marked": f"""
                select numbered.*, coalesce(fault, 0) as fault, item - ({is_repeated})::integer as source_item
                from numbered left join marks using (piece, item)""",
        }

    def _seeded(self) -> dict[str, str]:
        """Two hashes of 32 bits for each item, by three rounds of shift, exclusive or and multiplication."""
        first, second, serial = (
            number_of(*self.series.names, "salt", turn) & 0xFFFFFFFF for turn in range(3)
        )
        shifted = {h: f"xor({h} >> 16, {h})" for h in ("h1", "h2")}
        mixed = ", ".join(f"({sql} * 73244475) & 4294967295 as {h}" for h, sql in shifted.items())
        last = ", ".join(f"{sql} as {h}" for h, sql in shifted.items())
        return {
            "salted": f"""
                select *, xor(source_item, {first}) as h1, xor(source_item, {second}) as h2 from marked""",
            "mixed": f"select * replace ({mixed}) from salted",
            "remixed": f"select * replace ({mixed}) from mixed",
            "seeded": f"""
                select * replace ({last}), (source_item * 48271 + {serial}) % {SERIALS} as serial
                from remixed""",
        }

    def _chosen(self) -> str:
        names = self.series.names
        channels = {
            str(CHANNEL_NAMES.index(channel) + 1): weight * (0.85 + 0.3 * share_of(*names, channel))
            for channel, weight in self.available("channel_code", CHANNEL_WEIGHTS).items()
        }
        ports = {str(number): weight for number, weight in enumerate(self.series.ports.values(), 1)}
        currencies = {str(number): weight for number, weight in enumerate(self.currencies.values(), 1)}
        goods = {str(number): float(weight) for number, (*_, weight) in enumerate(GOODS, 1)}
        return f"""
            select *, {choice("channel", channels)} as channel,
                case when source_item >= held_from then 1 else {choice("port", ports)} end as port,
                {choice("currency", currencies)} as currency,
                {choice("goods", goods)} as goods,
                {text_choice("origin", self._origins())} as origin
            from drawn"""

    def _origins(self) -> dict[str, float]:
        weights = dict(ORIGIN_WEIGHTS)
        for language in self.member.languages:
            if language in LANGUAGE_ORIGINS:
                country, weight = LANGUAGE_ORIGINS[language]
                weights[country] = weight
        home = self.member.currency[:2]
        if home in weights:
            weights[home] *= CURRENCY_ORIGIN_FACTOR
        weights.pop(self.member.code, None)
        return self.available("origin_country_code", weights)

    def _dated(self) -> str:
        flights = [weekday for port in self.series.flights for weekday in port] or [0, 1, 2, 3, 4, 5, 6, 0]
        place = "1 + (coalesce(port, 1) - 1) * 8"
        by_air = listed(flights, f"{place} + {part('flight', 8)}")
        by_sea = listed(flights, place)
        is_sea = f"channel = {CHANNEL_NAMES.index('SEA_CARGO') + 1}"
        return f"""
            with arriving as (
                select *, (case when {is_sea} then {by_sea} else {by_air} end - weekday + 7) % 7 as first_time
                from chosen
            )
            select *, first_day + cast(case
                when source_item >= held_from then held_day - 1
                when {is_sea} then first_time + 14 * {part("ship", 2)}
                else first_time + 7 * {part("week", "(days - 1 - first_time) // 7 + 1")}
                end as integer) as arrival_date
            from arriving"""

    def _rates(self, batch: list[tuple[Extract, Month]]) -> str:
        values = ", ".join(
            f"('{period}', {number}, {self.rates.millionths(currency, period)}::bigint, {smallest})"
            for number, currency in enumerate(self.currencies, 1)
            for smallest in [self.rates.smallest_cents(currency)]
            for period in sorted({month.period for _, month in batch})
        )
        return f"select * from (values {values}) as rate (period, currency, rate, smallest)"

    def _terms(self, batch: list[tuple[Extract, Month]]) -> str:
        """Thresholds and tax in the currency of revenue, as on the first day of a month, by channel."""
        rows = []
        for period in sorted({month.period for _, month in batch}):
            day, rate = first_day(period), self.rates.millionths(self.revenue_currency, period)
            tax_rate = int(self._tax_pct(day) * 100)
            for number, channel in enumerate(CHANNEL_NAMES, 1):
                duty_mode, duty_free = self._threshold(channel, "DUTY", day)
                tax_mode, tax_free = self._threshold(channel, "TAX", day)
                rows.append(
                    f"('{period}', {number}, {rate}::bigint, '{duty_mode}', {duty_free}::bigint, "
                    f"'{tax_mode}', {tax_free}::bigint, {tax_rate})"
                )
        names = "period, channel, revenue_rate, duty_mode, duty_free, tax_mode, tax_free, tax_rate"
        return f"select * from (values {', '.join(rows)}) as term ({names})"

    def _tax_pct(self, day: date) -> Decimal:
        """The sum of the taxes in force: of each its newest line."""
        lines = {
            tax.name.en: tax for tax in self.member.taxes if tax.valid_from is None or tax.valid_from <= day
        }
        rates = [tax.rate_pct for tax in lines.values() if tax.valid_to is None or tax.valid_to > day]
        return sum(rates, Decimal(0)) if lines else TAX_PCT_WHERE_NONE_IS_KNOWN

    def _threshold(self, channel: str, charge: str, day: date) -> tuple[str, int]:
        """Mode and amount in cents of the line in force; ('NONE', 0) without one."""
        for line in reversed(self.member.de_minimis):
            if channel not in line.channels or line.scope not in (charge, "BOTH"):
                continue
            end = self.member.ends_of(line)[channel]
            if (line.valid_from is None or line.valid_from <= day) and (end is None or end > day):
                cents = int(line.amount * 100)
                if line.currency != self.revenue_currency:
                    period = f"{day:%Y-%m}"
                    own = self.rates.millionths(self.revenue_currency, period)
                    cents = cents * own // self.rates.millionths(line.currency, period)
                return line.mode, cents
        return "NONE", 0

    def _valued(self) -> str:
        usd = f"{listed(MEDIAN_CENTS, 'channel')} * {quantile_factor('value')} // 10000 * value_pct // 100"
        grams = f"{listed(MEDIAN_GRAMS, 'channel')} * {quantile_factor('mass')} // 10000"
        smallest = str(self.rates.smallest_cents(self.revenue_currency))
        return f"""
            with priced as (
                select *, greatest({usd}, 100) as usd_cents, greatest({grams}, 5) as grams from dated
            )
            select priced.*, duty_mode, duty_free, tax_mode, tax_free, tax_rate,
                {_in_currency("usd_cents", "rate", "smallest")} as value_cents,
                {_in_currency("usd_cents", "revenue_rate", smallest)} as revenue_cents,
                {_in_currency(str(FEE_CENTS), "revenue_rate", smallest)} as full_fee
            from priced join rates using (period, currency) join terms using (period, channel)"""

    def _charged(self) -> str:
        smallest = self.rates.smallest_cents(self.revenue_currency)
        duty, tax = (
            f"""case
                when {charge}_mode in ('NONE', 'DUTY_OWED') then revenue_cents
                when {charge}_mode = 'EXEMPT_AMOUNT' then greatest(revenue_cents - {charge}_free, 0)
                when revenue_cents <= {charge}_free then 0
                else revenue_cents end"""
            for charge in ("duty", "tax")
        )
        duty_pct = listed([pct for _, _, _, pct, _ in GOODS], "goods")
        return f"""
            with based as (
                select *, ({duty}) * {duty_pct} // {100 * smallest} * {smallest} as duty, {tax} as tax_base
                from valued
            )
            select *, case when tax_base = 0 then 0
                else (tax_base + duty) * tax_rate // {10_000 * smallest} * {smallest} end as tax
            from based"""

    @staticmethod
    def _settled() -> str:
        """Where what is owed decides, it is waived below the threshold."""
        is_duty, is_tax = "duty_mode = 'DUTY_OWED'", "tax_mode = 'DUTY_OWED'"
        return f"""
            with waived as (
                select *, if({is_duty}, duty, 0) + if({is_tax}, tax, 0)
                    < greatest(if({is_duty}, duty_free, 0), if({is_tax}, tax_free, 0)) as is_waived
                from charged
            )
            select * replace (
                if(is_waived and {is_duty}, 0, duty) as duty, if(is_waived and {is_tax}, 0, tax) as tax
            )
            from waived"""

    def _treated(self) -> str:
        lanes = self.available("selectivity_lane_code", LANE_WEIGHTS)
        bases = self.available("valuation_basis_code", BASIS_WEIGHTS)
        return f"""
            with sorted as (
                select *, {text_choice("lane", lanes)} as lane, {text_choice("basis", bases)} as basis
                from settled
            )
            select *, lane is not distinct from 'RED' or {happens("inspected", 2)} as is_inspected
            from sorted"""

    def _concluded(self) -> str:
        results = self.available("inspection_result_code", RESULT_WEIGHTS)
        usual = self.available("outcome_code", OUTCOME_WEIGHTS)
        irregular = self.available("outcome_code", OUTCOME_WEIGHTS_WHERE_IRREGULAR)
        return f"""
            with found as (
                select *, case when is_inspected then {text_choice("result", results)} end as result
                from treated
            )
            select *, case when result is not distinct from 'IRREGULAR'
                then {text_choice("outcome", irregular)}
                else {text_choice("outcome", usual)} end as outcome
            from found"""

    @staticmethod
    def _timed() -> str:
        """Minutes from the start of the member's day of arrival."""
        transport = [
            listed([days * 1_440 for days in column], "channel")
            for column in zip(*DAYS_OF_TRANSPORT, strict=True)
        ]
        median = listed(MEDIAN_MINUTES_TO_RELEASE, "channel")
        return f"""
            with landed as (select *, 300 + {part("hour", 900)} as arrived from concluded),
            presented as (
                select *, arrived + 15 + {part("lodged", listed(MINUTES_TO_LODGEMENT, "channel"))} as lodged
                from landed
            )
            select *, arrived - {transport[0]} - {part("posted", transport[1])} as posted,
                case when {part("advance", 100)} < {listed(ADVANCE_DATA_PCT, "channel")}
                    then arrived - 60 - {part("ahead", 2_700)} end as advanced,
                case when outcome = 'RELEASED' then lodged + least(
                    {median} * {quantile_factor("release")} // 10000 + if(is_inspected, 720, 0),
                    {MINUTES_TO_RELEASE_AT_MOST}) end as released
            from presented"""

    def _items(self) -> str:
        revenue_currency = quoted(self.revenue_currency)
        currencies = ", ".join(quoted(currency) for currency in self.currencies)
        few_or_many = f"if(channel >= 5, {part('pieces', 12)}, {part('pieces', 11)} // 10)"
        offices = ", ".join(quoted(f"{port[2:]}01") for port in self.series.ports) or "null"
        ports = ", ".join(quoted(port) for port in self.series.ports) or "null"
        abroad = {code: weight for code, weight in HUB_WEIGHTS.items() if code != self.member.code}
        hubs = self.available("consignment_country_code", abroad)
        is_french = self.member.languages[0] == "fr"
        hs_codes = ", ".join(quoted(f"{goods[0]}00") for goods in GOODS)
        goods = ", ".join(quoted(french if is_french else english) for _, english, french, *_ in GOODS)
        channel_names = ", ".join(quoted(channel) for channel in CHANNEL_NAMES)
        columns = {
            "item_id": self._item_id(),
            "channel_code": f"[{channel_names}][channel]",
            "customs_office_code": f"[{offices}][port]",
            "port_code": f"[{ports}][port]",
            "origin_country_code": f"if({happens('no origin', 1)}, null, origin)",
            "consignment_country_code": f"if({happens('direct', 82)}, origin, {text_choice('hub', hubs)})",
            "hs_code": f"if(channel <= 2 and {happens('no hs', 8)}, null, [{hs_codes}][goods])",
            "hs_edition": "if(first_day < date '2022-01-01', '2017', '2022')",
            "goods_description": f"[{goods}][goods]",
            "declared_value": "value_cents",
            "declared_currency_code": f"[{currencies}][currency]",
            "valuation_basis_code": "basis",
            "duty_amount": "duty",
            "tax_amount": "tax",
            "fee_amount": "if(duty + tax > 0, full_fee, 0)",
            "revenue_currency_code": revenue_currency,
            "gross_mass_kg": f"if({happens('no mass', 1)}, null, grams)",
            "pieces_count": f"1 + {few_or_many}",
            "posted_at": _moment("posted"),
            "advance_data_at": _moment("advanced"),
            "arrival_date": "arrival_date",
            "lodgement_at": _moment("lodged"),
            "release_at": _moment("released"),
            "declaration_type_code": f"if(usd_cents <= {SIMPLIFIED_UP_TO_CENTS}, 'SIMPLIFIED', 'FULL')",
            "selectivity_lane_code": "lane",
            "is_inspected": "is_inspected",
            "inspection_result_code": "result",
            "outcome_code": "outcome",
        }
        wanted = [f"{sql} as {name}" for name, sql in columns.items() if name in self.layout.columns]
        invented = [
            f"1 + ({draw('invented')} + {number * 7_919}) % 9999 as invented_{number}"
            for number in range(len(invented_columns(self.layout)))
        ]
        return f"select piece, item, fault, {draw('text')}, {', '.join([*wanted, *invented])} from timed"

    def _item_id(self) -> str:
        """By post an identifier of the form S10 with its check digit, else a reference. None occurs twice."""
        weights = (8, 6, 4, 2, 3, 5, 9, 7)
        total = " + ".join(f"serial // {10 ** (7 - n)} % 10 * {weight}" for n, weight in enumerate(weights))
        check = f"[5, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1][1 + ({total}) % 11]"
        digits = f"substr(cast({SERIALS} + serial as varchar), 2)"
        services = ", ".join(quoted(letter) for letter in SERVICE_LETTERS)
        letters = f"[{services}][channel], chr(cast(65 + {part('letter', 26)} as integer))"
        return f"""
            case when channel <= {len(SERVICE_LETTERS)} then concat({letters}, {digits}, {check}, origin)
            else concat('SYN', {digits}) end"""


def _in_currency(cents: str, rate: str, smallest: str) -> str:
    """US cents in another currency, in cents, as a multiple of the smallest amount and never nothing."""
    return f"(greatest({cents} * {rate} // (1000000 * {smallest}), 1) * {smallest})"


def _moment(minutes: str) -> str:
    """A local time from minutes after the start of the day of arrival; null where they are."""
    days = "(arrival_date - date '1970-01-01')::bigint"
    return f"make_timestamp(({days} * 86400 + {minutes} * 60 + {part('second', 60)}) * 1000000)"
