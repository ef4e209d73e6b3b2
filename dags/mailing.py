"""Briefs by e-mail: to each address of a member file the brief of its member, once for each publication.

It follows the publication and never holds it up: what could not be sent is not noted in the ledger, and is
tried again at the next run. It is off until the connection `briefs_smtp` is defined in Airflow. What a member
reads is confidential, so that mail leaves by TLS alone. An address is personal data: messages name members.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import smtplib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pacific_parcels.errors import Unavailable
from pacific_parcels.members import Contact, load_members
from pacific_parcels.publishing import current
from pacific_parcels.receipts import write_json
from pacific_parcels.settings import Settings

CONNECTION = "briefs_smtp"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Posting:
    """One brief for one address. `key` tells it in the ledger, without the address."""

    member_code: str
    contact: Contact

    @property
    def audience(self) -> str:
        return f"member_{self.member_code.lower()}"

    @property
    def key(self) -> str:
        text = f"{self.member_code}|{self.contact.email.lower()}"
        return f"{self.member_code}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass
class Mailed:
    """Members: sent to, once for each address; and why the brief of others waits for the next run."""

    sent: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


def postings_due(settings: Settings) -> list[Posting]:
    """What the publication in force has not been sent to yet."""
    pointer = current(settings)
    if pointer is None:
        return []
    sent = _Ledger(settings, pointer["run_id"]).sent
    briefs = pointer.get("briefs", {})  # an older version published none
    due = [
        Posting(member.code, contact)
        for member in load_members(settings).values()
        for contact in member.contacts
    ]
    return [posting for posting in due if posting.audience in briefs and posting.key not in sent]


def has_letters(settings: Settings) -> bool:
    """Whether the main job, which knows connections by the environment alone, has something to send."""
    return f"AIRFLOW_CONN_{CONNECTION.upper()}" in os.environ and bool(postings_due(settings))


def mail_briefs(settings: Settings) -> Mailed:
    """Send what is due. Nothing is raised for what a mail server does: see `Mailed.waiting`."""
    mailed = Mailed()
    if not postings_due(settings) or not _is_configured():
        return mailed
    with _alone(settings), tempfile.TemporaryDirectory() as folder:
        due, pointer = postings_due(settings), current(settings)
        if pointer is None:
            return mailed
        ledger = _Ledger(settings, pointer["run_id"])
        try:
            with _server() as hook:
                for number, posting in enumerate(due):
                    try:
                        _send(settings, hook, posting, pointer, Path(folder) / str(number))
                    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                        mailed.waiting[posting.member_code] = _said(error)
                        continue
                    ledger.note(posting)
                    mailed.sent.append(posting.member_code)
        except Unavailable as error:
            _leave(mailed, due, str(error))
        except (smtplib.SMTPException, OSError) as error:
            _leave(mailed, due, _said(error))
    return mailed


def _leave(mailed: Mailed, due: list[Posting], reason: str) -> None:
    """The server can take no more: whatever was not sent waits."""
    for posting in due:
        if posting.member_code not in mailed.sent:
            mailed.waiting.setdefault(posting.member_code, reason)


def _said(error: Exception) -> str:
    """The kind of an error and its number: the words of a server hold the address."""
    code = getattr(error, "smtp_code", None)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next(iter(error.recipients.values()))[0]
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def _is_configured() -> bool:
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        BaseHook.get_connection(CONNECTION)
    except AirflowNotFoundException:
        return False
    except ValueError:  # defined, and wrongly: `_server` says so
        return True
    return True


@contextmanager
def _server() -> Iterator[Any]:
    """The hook of Airflow's SMTP provider, logged in. Errors: Unavailable, without a secret in it."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk.exceptions import AirflowException

    hook = SmtpHook(smtp_conn_id=CONNECTION)
    try:
        hook.smtp_connection = SmtpHook.get_connection(CONNECTION)
        is_private = hook.use_ssl or hook.smtp_starttls
        host, sender = hook.host, hook.from_email
    except (ValueError, AirflowException) as error:  # its text may hold the secret
        raise Unavailable(
            f"connection {CONNECTION}: it cannot be understood; expected a connection as the documentation "
            "of Airflow's SMTP provider describes it; mend its definition"
        ) from error
    if not sender:
        raise Unavailable(
            f"connection {CONNECTION}: it has no from_email; expected the address that briefs come from; add "
            "it to the extra of the connection"
        )
    if not is_private and host not in LOOPBACK:
        raise Unavailable(
            f"connection {CONNECTION}: TLS is disabled; expected SSL or STARTTLS, or a member's figures can "
            "be read on the way; take disable_ssl or disable_tls out of the extra of the connection"
        )
    try:
        hook.get_conn()
    except AirflowException as error:
        raise Unavailable(
            f"connection {CONNECTION}: {type(error).__name__}; expected a mail server that answers; it is "
            "tried again at the next run"
        ) from error
    try:
        yield hook
    finally:
        with suppress(smtplib.SMTPException, OSError):
            hook.__exit__(None, None, None)


def _send(settings: Settings, hook: Any, posting: Posting, pointer: dict[str, Any], folder: Path) -> None:
    from pacific_parcels.briefs.figures import PublishedFigures
    from pacific_parcels.briefs.files import FORMATS, PARCELS, download_name, file_name
    from pacific_parcels.briefs.letter import letter_of
    from pacific_parcels.briefs.parcels import brief_of_parcels

    language = posting.contact.language
    with PublishedFigures(settings.published / pointer["audiences"][posting.audience]) as figures:
        letter = letter_of(brief_of_parcels(figures, language))
    folder.mkdir()
    files = []
    for form in FORMATS:
        name = download_name(posting.audience, PARCELS, pointer["last_time_period"], language, form)
        source = settings.published / pointer["briefs"][posting.audience] / file_name(PARCELS, language, form)
        files.append(str(shutil.copy(source, folder / name)))
    hook.send_email_smtp(
        to=[posting.contact.email],
        subject=letter.subject,
        html_content=letter.html,
        files=files,
        # A mail that a server takes twice after all is known for the same by its recipient's.
        custom_headers={"Message-ID": f"<{pointer['run_id']}.{posting.key}@pacific-parcels.invalid>"},
    )


class _Ledger:
    """What of one publication was sent. A new publication begins it anew."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self.path = settings.mail_ledger
        self.run_id = run_id
        self.sent: set[str] = set()
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["run_id"] == run_id:
                self.sent = set(content["sent"])

    def note(self, posting: Posting) -> None:
        """At once, so that a run that is killed sends no second time what it has sent."""
        self.sent.add(posting.key)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, {"run_id": self.run_id, "sent": sorted(self.sent)})


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One process sends at a time; another that comes meanwhile waits and finds it done."""
    settings.mail_ledger.parent.mkdir(parents=True, exist_ok=True)
    with settings.mail_ledger.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
