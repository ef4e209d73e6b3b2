"""The files of a publication besides those of the audiences, by name.

They are here and not gathered from the modules that write them, so that one can ask whether all are there
without loading what is needed to write them.
"""

from __future__ import annotations

PUBLIC_FILES = (
    "README.txt",
    "codebook.csv",
    "codebook_en.html",
    "codebook_fr.html",
    "data.sdmx.csv",
    "data_2_1.xml",
    "data_3_0.xml",
    "datapackage.json",
    "indicators.csv",
    "indicators.parquet",
    "inputs.json",
    "methodology_en.html",
    "methodology_fr.html",
    "structure_2_1.xml",
    "structure_3_0.xml",
)
SECRETARIAT_FILES = ("inputs.json", "paccomtrade.csv")
