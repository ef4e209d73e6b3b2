"""Every hour: ask each member's source for extracts that were not seen before, and land them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import (
    CronTriggerTimetable,
    ExceptionRetryPolicy,
    RetryAction,
    RetryRule,
    dag,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from dags import steps
from dags.assets import LANDING

# An unreachable source may be back in a moment; a crash would only crash again.
ONLY_UNAVAILABLE = ExceptionRetryPolicy(
    rules=[RetryRule(exception="pacific_parcels.errors.Unavailable", action=RetryAction.RETRY)],
    default=RetryAction.FAIL,
)


@dag(
    dag_id="receive_extracts",
    schedule=CronTriggerTimetable("15 * * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["pacific-parcels"],
)
def receive_extracts() -> None:
    # While Airflow starts, a task can be sent off before there is anybody for it to report to.
    @task(retries=2, retry_delay=timedelta(seconds=5))
    def members() -> list[str]:
        return steps.member_codes()

    @task(
        map_index_template="{{ member_code }}",
        retries=2,
        retry_delay=timedelta(seconds=5),
        retry_exponential_backoff=2.0,
        retry_policy=ONLY_UNAVAILABLE,
    )
    def receive(member_code: str) -> dict[str, Any]:
        get_current_context()["member_code"] = member_code
        return steps.receive(member_code)

    # Rings the bell of publish_region, whatever became of single members: the rest of the region goes on.
    @task(trigger_rule="all_done", outlets=[LANDING])
    def landed(outcomes: Any) -> None:
        if not steps.is_publication_due():
            raise AirflowSkipException("Nothing that is not published already.")

    @task(trigger_rule="all_done")
    def verdict(expected: list[str], outcomes: Any) -> None:
        problems = steps.problems_of_receiving(expected, outcomes)
        if problems:
            raise AirflowFailException(" ".join(problems))

    codes = members()
    outcomes = receive.expand(member_code=codes)
    landed(outcomes) >> verdict(codes, outcomes)


receive_extracts = receive_extracts()
