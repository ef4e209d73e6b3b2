"""Parties as keyed pseudonyms: a name goes into a statement of DuckDB and comes out as `v1:<64 hex digits>`.

    name  ▸  folded  ▸  HMAC-SHA-256 of "<domain>|<folded name>" under the member's key  ▸  v<key>:<hex>

The same party, written a little differently, has the same token; without the key a token says nothing, and
the tokens of two members, of two roles or of two versions of a key cannot be compared. Folding, in order:
    NFKC         full-width letters, ligatures and the like become plain ones, upper case becomes lower
    accents      U+0300 to U+036F are dropped, so that Māori and Maori are one; marks of other scripts stay
    apostrophes  dropped, the glottal stop among them: Tuʻi, Tu'i and Tui are one
    the rest     whatever is no letter, mark or number is a space; spaces are one, and none at the ends
    endings      of firms are written in one way (ENDINGS): "Pty. Limited" is "pty ltd", "L.L.C." is "llc"
A name of which nothing is left has no token. The order of words counts.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from weakref import WeakSet

import duckdb

ROLES = ("consignee", "consignor", "declarant")
TOKENS = {f"{role}_token": role for role in ROLES}
"""The columns of the contract that are tokens, and their domains."""

SECRET_BYTES = 32
BLOCK_BYTES = 64  # of SHA-256, as RFC 2104 has it
APOSTROPHES = "'`´’‘ʻʼʹʾʿ"
ACCENTS = ("\u0300", "\u036f")
# From here on there are ideographs, which have no case and no form but their own.
FIRST_NOT_FOLDED = 0x20000
PREPARED: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()

WORDS = {
    "ltd": ("ltd", "limited", "l t d"),
    "pty": ("pty", "proprietary", "p t y"),
    "co": ("co", "company"),
}
ENDINGS = {
    **{
        " ".join(parts): " ".join(short)
        for short in (("ltd",), ("pty",), ("co",), ("pty", "ltd"), ("co", "ltd"))
        for parts in product(*(WORDS[word] for word in short))
    },
    "ptyltd": "pty ltd",
    "coltd": "co ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "l l c": "llc",
    "l l p": "llp",
    "p l c": "plc",
    "g m b h": "gmbh",
    "s a": "sa",
    "s a s": "sas",
    "s a r l": "sarl",
    "e u r l": "eurl",
}
"""Endings of firms as they come to stand after folding, and what each is written as."""


@dataclass(frozen=True)
class TokenKey:
    """A member's key of one version. Its secret is in no text that is made of it."""

    version: int
    secret: bytes = field(repr=False)


def fold(sign: str) -> str:
    """One character, folded; in a text the spaces have still to be made one."""
    if ord(sign) >= FIRST_NOT_FOLDED:
        return sign
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", sign).casefold())
    kept = (part for part in plain if not ACCENTS[0] <= part <= ACCENTS[1] and part not in APOSTROPHES)
    return "".join(part if unicodedata.category(part)[0] in "LMN" else " " for part in kept)


@cache
def _folds() -> list[str]:
    """`fold` of every character that it changes or might, by its code point."""
    return [fold(chr(point)) for point in range(FIRST_NOT_FOLDED)]


def prepare(connection: duckdb.DuckDBPyConnection, key: TokenKey) -> None:
    """Make a key known to a connection, as variables: no statement has it in its text.

    And the folds, as the table `token_folds` of one row: a constant of that length would take half a second
    to plan.
    """
    block = key.secret.ljust(BLOCK_BYTES, b"\0")
    for name, pad in (("token_inner", 0x36), ("token_outer", 0x5C)):
        connection.execute(f"set variable {name} = ?", [bytes(byte ^ pad for byte in block)])
    if connection not in PREPARED:
        connection.execute("create temp table token_folds as select ?::varchar[] as folds", [_folds()])
        PREPARED.add(connection)


def folded(text: str) -> str:
    """SQL of a name folded, in a SELECT that has `token_folds` crossed in; null where nothing is left of it.

    `text` is a column, since it is read often.
    """
    marks = "".join(sign for sign in APOSTROPHES if sign.isascii()).replace("'", "''")
    plain = f"regexp_replace(regexp_replace(lower({text}), '[{marks}]', '', 'g'), '[^a-z0-9]+', ' ', 'g')"
    signs = f"string_split({text}, '')"
    usual = f"list_select(folds, list_transform({signs}, lambda sign: unicode(sign) + 1))"
    rare = (
        f"list_transform({signs}, lambda sign: case when unicode(sign) < {FIRST_NOT_FOLDED} "
        "then folds[unicode(sign) + 1] else sign end)"
    )
    has_rare = f"regexp_matches({text}, '[\\x{{{FIRST_NOT_FOLDED:X}}}-\\x{{10FFFF}}]')"
    other = f"list_aggregate(case when {has_rare} then {rare} else {usual} end, 'string_agg', '')"
    return (
        f"case when strlen({text}) = length({text}) then nullif(trim({plain}), '') "
        f"else nullif(trim(regexp_replace(nfc_normalize({other}), ' +', ' ', 'g')), '') end"
    )


def token(name: str, domain: str, version: int) -> str:
    """SQL of the token of a folded name, under the key that `prepare` has made known."""
    longest_first = sorted(ENDINGS.items(), key=lambda ending: (-len(ending[0]), ending[0]))
    branches = " ".join(
        f"when ends_with({name}, ' {ending}') then left({name}, length({name}) - {len(ending)}) || '{short}'"
        for ending, short in longest_first
        if ending != short
    )
    message = f"encode('{domain}|' || case {branches} else {name} end)"
    inner = f"unhex(sha256(getvariable('token_inner') || {message}))"
    return f"'v{version}:' || sha256(getvariable('token_outer') || {inner})"
