"""The two folders of a publication: open data for everyone, and what else the secretariat gets."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pacific_parcels.open_data.codebook import write_codebook
from pacific_parcels.open_data.codes import code_lists
from pacific_parcels.open_data.data_package import write_data_package
from pacific_parcels.open_data.definitions import definitions_in
from pacific_parcels.open_data.inputs import Inputs, for_the_public, write_inputs
from pacific_parcels.open_data.methodology import write_methodology
from pacific_parcels.open_data.paccomtrade import write_paccomtrade
from pacific_parcels.open_data.publication import publication_of
from pacific_parcels.open_data.readme import write_readme
from pacific_parcels.open_data.sdmx import write_sdmx_files
from pacific_parcels.open_data.tables import write_tables
from pacific_parcels.settings import Settings


def write_open_data(settings: Settings, public_file: Path, inputs: Inputs, folder: Path) -> None:
    """Write PUBLIC_FILES into a new folder, out of the published file of the public.

    Errors: PacificParcelsError where the file holds a code that no list explains.
    """
    publication = publication_of(public_file)
    connection = publication.connect()
    try:
        connection.execute(f"set threads = {settings.threads}")
        connection.execute(f"set memory_limit = '{settings.memory_limit}'")
        lists, definitions = code_lists(connection), definitions_in(connection)
        folder.mkdir(parents=True)
        write_tables(connection, publication.is_synthetic, folder)
        write_sdmx_files(publication, connection, lists, folder)
    finally:
        connection.close()
    write_codebook(publication, lists, definitions, folder)
    write_methodology(publication, lists, definitions, folder)
    write_inputs(for_the_public(inputs), folder)
    write_data_package(publication, lists, folder)
    write_readme(publication, folder)


def write_for_secretariat(
    connection: duckdb.DuckDBPyConnection, inputs: Inputs, is_synthetic: bool, folder: Path
) -> None:
    """Write SECRETARIAT_FILES into a new folder, out of the snapshot that is attached as w."""
    folder.mkdir(parents=True)
    write_inputs(inputs, folder)
    write_paccomtrade(connection, is_synthetic, folder)
