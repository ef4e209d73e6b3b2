"""Rates of exchange for the values of synthetic items."""

from __future__ import annotations

import csv
from decimal import Decimal

from pacific_parcels.demo.profile import UNITS_PER_USD_WITHOUT_CENTS
from pacific_parcels.errors import MemberFileError
from pacific_parcels.settings import codes_directory


class Rates:
    """Units of a currency per US dollar, in millionths, by month.

    HMRC's monthly rate, unless it is more than 10 % off the IMF's annual average: then that one. Where the
    IMF has none yet, the market's rate takes its part.
    """

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str, str], Decimal] = {}
        with (codes_directory() / "exchange_rates.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                self._rates[row["source_code"], row["currency_code"], row["time_period"]] = Decimal(
                    row["units_per_usd"]
                )
        self._months = sorted({month for source, _, month in self._rates if source == "HMRC"})
        self._currencies = {currency for source, currency, _ in self._rates if source == "HMRC"}

    def has(self, currency: str) -> bool:
        return currency in self._currencies

    def millionths(self, currency: str, month: str) -> int:
        """Errors: MemberFileError for a currency without rates."""
        if not self.has(currency):
            raise MemberFileError(
                f"synthetic extracts: found the currency {currency}; expected one of exchange_rates.csv; "
                "add its rates there"
            )
        nearest = min(max(month, self._months[0]), self._months[-1])
        monthly = self._rates["HMRC", currency, nearest]
        second = self._rates.get(("IMF", currency, nearest[:4])) or self._rates.get(
            ("MARKET", currency, nearest)
        )
        rate = second if second is not None and abs(monthly - second) > second / 10 else monthly
        return int(rate * 1_000_000)

    def smallest_cents(self, currency: str) -> int:
        """100 for money that is counted in whole units, else 1."""
        is_whole = self.millionths(currency, self._months[-1]) > UNITS_PER_USD_WITHOUT_CENTS * 1_000_000
        return 100 if is_whole else 1
