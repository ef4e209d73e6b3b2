"""Every DAG, and every file of dags/: what the scheduler sees, and that it says only when."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from dags.environment import DAGS_FOLDER, WRITER_POOL

EXPECTED_DAGS = {"receive_extracts", "publish_region"}
DAG_FILES = sorted(path for path in DAGS_FOLDER.glob("*.py") if path.stem in EXPECTED_DAGS)


@pytest.fixture(scope="module")
def dag_bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    return DagBag(dag_folder=str(DAGS_FOLDER), bundle_name="dags-folder")


def test_the_scheduler_finds_each_dag_in_the_file_of_its_name_and_nothing_else(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert {dag.dag_id: Path(dag.fileloc).name for dag in dag_bag.dags.values()} == {
        name: f"{name}.py" for name in EXPECTED_DAGS
    }


def test_every_other_file_is_kept_from_the_scheduler_by_name() -> None:
    ignored = {
        line
        for line in (DAGS_FOLDER / ".airflowignore").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    }

    assert ignored == {path.name for path in DAGS_FOLDER.glob("*.py")} - {path.name for path in DAG_FILES}


@pytest.mark.parametrize("dag_id", sorted(EXPECTED_DAGS))
def test_a_dag_has_one_run_at_a_time_a_fixed_start_and_no_past(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]

    assert dag.max_active_runs == 1
    assert dag.catchup is False
    assert dag.start_date.isoformat() == "2026-01-01T00:00:00+00:00"
    assert dag.doc_md


@pytest.mark.parametrize("dag_id", sorted(EXPECTED_DAGS))
def test_a_dag_ends_in_one_verdict_that_no_failure_can_pass_by(dag_bag: Any, dag_id: str) -> None:
    dag = dag_bag.dags[dag_id]

    (last,) = [task for task in dag.tasks if not task.downstream_task_ids]

    assert last.task_id == "verdict"
    assert last.trigger_rule == "all_done"
    assert last.retries == 0


def test_one_task_writes_to_duckdb_at_a_time(dag_bag: Any) -> None:
    pools = {task.task_id: task.pool for task in dag_bag.dags["publish_region"].tasks}

    assert {task_id for task_id, pool in pools.items() if pool == WRITER_POOL} == {
        "build",
        "rebuild_without_held",
        "publish",
    }


def test_only_what_may_be_better_in_a_moment_is_tried_again(dag_bag: Any) -> None:
    retries = {
        f"{dag.dag_id}.{task.task_id}": task.retries for dag in dag_bag.dags.values() for task in dag.tasks
    }

    # At the first task of each, Airflow itself may not be up yet.
    tried_again = {"receive_extracts.members", "receive_extracts.receive", "publish_region.due"}
    assert {name for name, count in retries.items() if count} == tried_again


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
def test_a_dag_file_says_only_when(file: Path) -> None:
    """It is short, imports of ours only the steps, and has no loop and no comprehension."""
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert len(text.splitlines()) <= 90
    assert not file.stem.startswith("dbt_")
    assert {
        module for module in modules if module and module.split(".")[0] not in ("airflow", "__future__")
    } <= {
        "dags",
        "dags.assets",
        "dags.environment",
        "datetime",
        "typing",
    }
    work = (
        ast.For,
        ast.While,
        ast.ListComp,
        ast.DictComp,
        ast.SetComp,
        ast.GeneratorExp,
        ast.With,
    )
    assert not [node for node in ast.walk(tree) if isinstance(node, work)]
