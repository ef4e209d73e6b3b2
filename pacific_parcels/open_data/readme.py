"""README.txt of the open data: what is in which file."""

from __future__ import annotations

from pathlib import Path

from pacific_parcels.open_data.publication import Publication
from pacific_parcels.open_data.words import words

FILE = "README.txt"
TEXT = """\
Pacific Parcels, open data, run {run_id}, as of {as_of_date}, months to {last_time_period}.

indicators.parquet, indicators.csv   the figures, one observation in a row
codebook.csv, codebook_en/fr.html    every column, code and indicator
methodology_en/fr.html               how the figures are made, and the limits of each
datapackage.json                     the same for programs (Frictionless Data Package), and SHA-256 of files
structure_2_1.xml, structure_3_0.xml SDMX-ML structures
data_2_1.xml, data_3_0.xml           the figures in SDMX-ML
data.sdmx.csv                        the figures in SDMX-CSV 2.0
inputs.json                          what the figures were made from: version, hashes, exchange rates

_T is a total, and member _T the region. A figure that is missing (obs_status M) or confidential (conf_status
C) has no value; neither is 0. To load the SDMX files, load a structure first; the action is Replace. What is
no longer published goes from a database only when it is emptied before.
"""


def write_readme(publication: Publication, folder: Path) -> None:
    synthetic = words()["dataset"]["synthetic"]
    warning = f"{synthetic['en']}\n{synthetic['fr']}\n\n" if publication.is_synthetic else ""
    text = TEXT.format(
        run_id=publication.run_id,
        as_of_date=publication.as_of_date,
        last_time_period=publication.last_time_period,
    )
    (folder / FILE).write_text(warning + text, encoding="utf-8")
