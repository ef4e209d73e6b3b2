"""Pacific Parcels: the library. It knows nothing of Airflow, dbt, Great Expectations or Streamlit."""

__version__ = "0.1.0"
