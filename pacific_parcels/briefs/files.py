"""The files of briefs by name: here, so that one can ask for them without loading what writes them.

A new kind of brief is a line of STEMS, its readers in `kinds_of`, and its writer in `writing.WRITERS`.
"""

from __future__ import annotations

PARCELS, PROGRESS = "parcels", "progress"
# What the names of the files of each kind begin with.
STEMS = {PARCELS: "brief", PROGRESS: "progress"}
FORMATS = ("html", "pdf")


def kinds_of(audience: str) -> tuple[str, ...]:
    """Which briefs an audience has: of parcels each, of progress those who look at the region as a whole."""
    return (PARCELS,) if audience.startswith("member_") else (PARCELS, PROGRESS)


def file_name(kind: str, language: str, form: str) -> str:
    return f"{STEMS[kind]}_{language}.{form}"


def brief_files(audience: str) -> tuple[str, ...]:
    """Every file that the folder of an audience's briefs has."""
    return tuple(
        file_name(kind, language, form)
        for kind in kinds_of(audience)
        for language in ("en", "fr")
        for form in FORMATS
    )


def download_name(audience: str, kind: str, time_period: str, language: str, form: str) -> str:
    """What a brief is called once it has left its folder: `pacific-parcels_member-fj_2026-03_en.pdf`."""
    whose = audience.replace("_", "-") + ("" if kind == PARCELS else f"-{kind}")
    return f"pacific-parcels_{whose}_{time_period}_{language}.{form}"
