"""What a publication gives to other people's tools: one module for each kind of file.

    words.py, words.yml   columns, code lists and general method, in English and French
    codes.py              the code list of each column, from the published tables
    tables.py             the indicators as Parquet and CSV
    sdmx.py               structures and data for statistical systems
    codebook.py           every column, code and indicator, for people and programs
    methodology.py        how the figures are made, for people
    data_package.py       what lies in the folder, for programs
    inputs.py             what the publication was made from
    readme.py             which file holds what
    paccomtrade.py        members' imports in the shape of PACComtrade, for the secretariat
    folders.py, files.py  all of them, written and named

Everything is written from a published file and from the run's facts: no clock is read, and the same file
gives the same bytes. pysdmx is needed here and nowhere else.
"""
