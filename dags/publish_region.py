"""When something was landed, and once a day in any case: build, judge, publish, mail the briefs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

from dags import steps
from dags.assets import LANDING
from dags.environment import WRITER_POOL


@dag(
    dag_id="publish_region",
    # An asset event is only a bell, and one can be lost: what there is to do is read from the receipts.
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("45 16 * * *", timezone="UTC"),
        assets=[LANDING],
    ),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["pacific-parcels"],
)
def publish_region() -> None:
    # Not due skips what builds, publishes and judges that. Mail that is left over is tried all the same.
    # While Airflow starts, a task can be sent off before there is anybody for it to report to.
    @task.short_circuit(ignore_downstream_trigger_rules=False, retries=2, retry_delay=timedelta(seconds=5))
    def due() -> bool:
        return steps.is_publication_due()

    @task(pool=WRITER_POOL)
    def build() -> dict[str, Any]:
        return steps.build_region()

    @task
    def judge(built: dict[str, Any]) -> dict[str, Any]:
        return steps.judge_vintages(built)

    @task(pool=WRITER_POOL)
    def rebuild_without_held(judged: dict[str, Any]) -> dict[str, Any]:
        return steps.rebuild_without_held(judged)

    @task(pool=WRITER_POOL)
    def publish(judged: dict[str, Any]) -> dict[str, Any]:
        return steps.publish(judged)

    @task(trigger_rule="all_done")
    def mail() -> dict[str, Any]:
        return steps.mail_briefs()

    @task(trigger_rule="all_done")
    def verdict(published: dict[str, Any] | None) -> None:
        problems = steps.problems_of_publishing(published)
        if problems:
            raise AirflowFailException(" ".join(problems))

    built = build()
    published = publish(rebuild_without_held(judge(built)))
    judged = verdict(published)
    due() >> [built, judged]
    published >> mail() >> judged


publish_region = publish_region()
