"""The key of a member's tokens where it is an Airflow connection: v1 as login, the secret as password."""

from __future__ import annotations

import re

from dags.places import connection_of
from pacific_parcels.errors import KeyStoreError
from pacific_parcels.members import Member
from pacific_parcels.tokens import SECRET_BYTES, TokenKey


def token_key(member: Member) -> TokenKey | None:
    """The key that the member file's connection has; None where it names none: then the library finds it.

    Errors: Unavailable when the connection is not defined, KeyStoreError when it holds no key.
    """
    if member.tokens is None:
        return None
    connection = connection_of(member.code, member.tokens.connection)
    version = re.fullmatch(r"v([1-9]\d{0,5})", connection.login or "")
    secret = re.fullmatch(rf"[0-9a-fA-F]{{{2 * SECRET_BYTES}}}", connection.password or "")
    if version is None or secret is None:
        raise KeyStoreError(
            f"{member.code}, connection {member.tokens.connection}: it holds no key of tokens; expected the "
            f"version as login, such as v1, and {2 * SECRET_BYTES} hexadecimal digits as password; mend its "
            "definition"
        )
    return TokenKey(int(version[1]), bytes.fromhex(secret[0]))
