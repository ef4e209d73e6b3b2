"""The files of a brief by name: here, so that one can ask for them without loading what writes them."""

from __future__ import annotations

FORMATS = ("html", "pdf")
BRIEF_FILES = tuple(f"brief_{language}.{form}" for language in ("en", "fr") for form in FORMATS)


def file_name(language: str, form: str) -> str:
    return f"brief_{language}.{form}"


def download_name(audience: str, time_period: str, language: str, form: str) -> str:
    """What a brief is called once it has left its folder: `pacific-parcels_member-fj_2026-03_en.pdf`."""
    return f"pacific-parcels_{audience.replace('_', '-')}_{time_period}_{language}.{form}"
