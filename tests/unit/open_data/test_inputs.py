"""Which commit a publication says that it was made with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pacific_parcels.open_data.inputs import commit_of


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_is_that_of_the_checkout(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "first")
    assert commit_of(tmp_path) == git(tmp_path, "rev-parse", "HEAD")


def test_a_folder_inside_another_checkout_has_none(tmp_path: Path) -> None:
    """An installed package lies in whatever directory it was installed to."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "first")
    inside = tmp_path / "site-packages"
    inside.mkdir()
    assert commit_of(inside) is None


def test_without_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(tmp_path) is None
