"""Choices of a view, kept in the address by code: a view mailed in one language opens in the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st


def choose(
    view: str,
    name: str,
    label: str,
    options: Sequence[str],
    words: Callable[[str], str],
    default: str,
    *,
    kind: Literal["list", "buttons"] = "list",
) -> str:
    """One of the options: what the address names, where it names one of them, else the default."""
    code = st.query_params.get(name, default)
    choice = code if code in options else default
    key = f"{view}_{name}"
    st.session_state[key] = choice

    def to_address() -> None:
        st.query_params[name] = st.session_state[key]

    if kind == "buttons":
        st.segmented_control(label, options, format_func=words, required=True, key=key, on_change=to_address)
    else:
        st.selectbox(label, options, format_func=words, key=key, on_change=to_address)
    return choice
