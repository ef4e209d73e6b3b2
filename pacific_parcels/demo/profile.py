"""How small parcels look in general: plausible figures, true of no country."""

from __future__ import annotations

from decimal import Decimal

GROWTH_IN_THREE_YEARS = (3.05, 3.35)  # lowest and highest of the members
SEASON = (0.90, 0.86, 0.93, 0.94, 0.96, 0.97, 0.98, 0.98, 0.99, 1.04, 1.22, 1.32)
NOISE = 0.04
BUSIEST_DAY_ITEMS, BUSIEST_DAY_SHARE = 5_000, 0.016

LATE_MEMBERS_SHARE = 0.25
MANIFESTS_SHARE = 1 / 3
# Days after the end of the period; a member whose own term is longer takes all of it.
EARLIEST_DAYS, LATEST_DAYS = 10, 50

# By channel, in this order: median value in US cents, median mass in grams, median minutes from lodgement to
# release, minutes to lodgement at most, days of transport (least, span), percentage with advance data.
SIGMA = 1.1
CHANNEL_WEIGHTS = {
    "POSTAL_LETTER": 0.30,
    "POSTAL_PARCEL": 0.30,
    "EXPRESS_POST": 0.07,
    "EXPRESS_CARRIER": 0.27,
    "AIR_CARGO": 0.04,
    "SEA_CARGO": 0.02,
}
CHANNEL_NAMES = tuple(CHANNEL_WEIGHTS)
MEDIAN_CENTS = (1_200, 3_000, 4_500, 3_500, 12_000, 22_000)
MEDIAN_GRAMS = (180, 1_100, 900, 1_300, 9_000, 40_000)
MEDIAN_MINUTES_TO_RELEASE = (720, 1_080, 420, 160, 1_500, 3_000)
MINUTES_TO_LODGEMENT = (1_440, 1_440, 720, 240, 1_440, 2_880)
DAYS_OF_TRANSPORT = ((7, 23), (6, 18), (3, 6), (2, 5), (3, 6), (25, 30))
ADVANCE_DATA_PCT = (45, 60, 85, 96, 70, 80)
SERVICE_LETTERS = ("U", "C", "E")  # first letters of the identifiers (S10) of the postal channels
MINUTES_TO_RELEASE_AT_MOST = 12_000

ORIGIN_WEIGHTS = {
    "CN": 50.0,
    "US": 8.0,
    "AU": 8.0,
    "NZ": 5.0,
    "JP": 5.0,
    "SG": 5.0,
    "HK": 4.0,
    "KR": 3.0,
    "GB": 3.0,
    "TW": 2.0,
    "MY": 1.5,
    "IN": 1.5,
    "TH": 1.0,
    "DE": 1.5,
    "FR": 1.5,
}
# More comes from where the language is shared, and from the country whose currency is used.
LANGUAGE_ORIGINS = {"fr": ("FR", 10.0), "pt": ("PT", 6.0), "tet": ("ID", 8.0)}
CURRENCY_ORIGIN_FACTOR = 2.5
HUB_WEIGHTS = {"HK": 5.0, "SG": 4.0, "AU": 2.0, "NZ": 1.0}
OTHER_CURRENCY_WEIGHTS = {"USD": 25.0, "CNY": 12.0, "AUD": 6.0, "NZD": 4.0}
OWN_CURRENCY_WEIGHT = 53.0
UNITS_PER_USD_WITHOUT_CENTS = 50

# HS heading, what it is in English and in French, duty in percent, weight.
GOODS = (
    ("610910", "T-shirts, cotton", "T-shirts en coton", 15, 12),
    ("620462", "Trousers, cotton", "Pantalons en coton", 15, 8),
    ("640299", "Shoes with plastic soles", "Chaussures à semelles en plastique", 15, 8),
    ("420222", "Handbags", "Sacs à main", 15, 6),
    ("711719", "Imitation jewellery", "Bijoux de fantaisie", 10, 6),
    ("851830", "Headphones", "Casques et écouteurs", 5, 7),
    ("850440", "Chargers and adapters", "Chargeurs et adaptateurs", 5, 6),
    ("392690", "Telephone cases of plastic", "Étuis de téléphone en plastique", 10, 9),
    ("950300", "Toys", "Jouets", 10, 7),
    ("330499", "Cosmetics, make-up", "Cosmétiques, maquillage", 15, 6),
    ("210690", "Food supplements", "Compléments alimentaires", 10, 4),
    ("870899", "Vehicle parts", "Pièces détachées automobiles", 10, 5),
    ("490199", "Books", "Livres", 0, 4),
    ("950699", "Sports equipment", "Articles de sport", 5, 3),
    ("900410", "Sunglasses", "Lunettes de soleil", 10, 3),
    ("732393", "Kitchenware of steel", "Articles de cuisine en acier", 10, 3),
    ("847330", "Computer parts", "Pièces d'ordinateur", 0, 3),
)
LANE_WEIGHTS = {"GREEN": 88.0, "YELLOW": 7.0, "RED": 3.0, "BLUE": 2.0}
BASIS_WEIGHTS = {"FOB": 60.0, "CIF": 25.0, "INTRINSIC": 15.0}
RESULT_WEIGHTS = {"NONE_FOUND": 88.0, "IRREGULAR": 12.0}
OUTCOME_WEIGHTS = {"RELEASED": 98.8, "HELD": 0.8, "RETURNED": 0.4}
OUTCOME_WEIGHTS_WHERE_IRREGULAR = {
    "RELEASED": 35.0,
    "HELD": 30.0,
    "SEIZED": 20.0,
    "RETURNED": 10.0,
    "DESTROYED": 5.0,
}
FEE_CENTS = 500
TAX_PCT_WHERE_NONE_IS_KNOWN = Decimal(10)
SIMPLIFIED_UP_TO_CENTS = 100_000
