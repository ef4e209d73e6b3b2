"""The bell that `receive_extracts` rings and `publish_region` hears."""

from airflow.sdk import Asset

LANDING = Asset(name="landing", uri="pacific-parcels://landing")
