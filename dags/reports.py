"""Reports that a server makes on request (ASYCUDAWorld and its like), one ended period at a time."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dags.fetching import Fetched, Inbox, SourceLedger
from dags.places import CHUNK_BYTES, CONNECT_SECONDS, SILENCE_SECONDS, connection_of, wrongly_defined
from pacific_parcels.errors import Unavailable
from pacific_parcels.members import HttpsSource, Member

# A report of an ended month changes seldom, and its server is busy with customs work.
ASK_AGAIN = timedelta(hours=24)


def fetch_reports(
    member: Member,
    source: HttpsSource,
    inbox: Inbox,
    ledger: SourceLedger,
    now: datetime,
    fetched: Fetched,
) -> None:
    """The report of each ended period that is asked for again, each once a day and oldest first.

    A period that the server has not got yet is asked for at every run. A report that is as before is not
    brought in again.
    """
    today = now.astimezone(ZoneInfo(member.time_zone)).date()
    periods = ended_periods(member.months_of_report(source), source.periods, today)
    names = {source.name_of(first): (first, last) for first, last in periods}
    ledger.reports = {name: ledger.reports.get(name, {}) for name in names}
    urls = {name: source.url_of(*period) for name, period in names.items()}
    inbox.keep_parts({_part_of(inbox, urls[name], entry) for name, entry in ledger.reports.items()})
    with _server(member.code, source) as get:
        for name, entry in ledger.reports.items():
            asked_at = entry.get("asked_at")
            if asked_at is not None and now - datetime.fromisoformat(asked_at) < ASK_AGAIN:
                continue
            report = Report(name, urls[name], entry)
            if _fetch_report(member.code, source, get, report, inbox, ledger, fetched):
                entry["asked_at"] = now.isoformat()


def ended_periods(months: int, count: int, today: date) -> list[tuple[date, date]]:
    """First and last day of the last `count` periods of so many months that have ended, oldest first."""
    this_month = today.year * 12 + today.month - 1
    current = this_month - this_month % months
    starts = [_first_of(current - months * back) for back in range(count, -1, -1)]
    return [(first, following - timedelta(days=1)) for first, following in pairwise(starts)]


def _first_of(month_number: int) -> date:
    return date(month_number // 12, month_number % 12 + 1, 1)


@dataclass
class Report:
    """One file to ask for, and what is known of it: etag, last_modified, sha256, partial, asked_at."""

    name: str
    url: str
    entry: dict[str, Any]


def _fetch_report(
    member_code: str,
    source: HttpsSource,
    get: Callable[[str, dict[str, str]], Any],
    report: Report,
    inbox: Inbox,
    ledger: SourceLedger,
    fetched: Fetched,
) -> bool:
    """Whether the server has answered for this report, with bytes that are new or without."""
    entry = report.entry
    part = _part_of(inbox, report.url, entry)
    offset = part.stat().st_size if entry.get("partial") and part.exists() else 0
    with contextlib.closing(get(report.url, _headers(entry, offset))) as answer:
        if answer.status_code == 304:
            return True
        if answer.status_code in (204, 404, 410):
            return False
        if answer.status_code == 416:  # the part is longer than what there is by now
            part.unlink(missing_ok=True)
            entry.pop("partial", None)
            raise Unavailable(
                f"{member_code}, https {source.connection}, {report.name}: it was changed during the "
                "transfer; it is tried again from the beginning"
            )
        _require_bytes(member_code, source, report, answer)
        if answer.status_code != 206 or _start_of(answer) != offset:
            offset = 0
            part.unlink(missing_ok=True)
            part = _begin(inbox, ledger, report, answer)
        length = answer.headers.get("Content-Length")
        inbox.require_space(int(length or 0))
        inbox.append(part, answer.iter_content(CHUNK_BYTES), offset)
    size = part.stat().st_size
    if length is not None and "Content-Encoding" not in answer.headers and size != offset + int(length):
        raise inbox.unavailable(
            f"{report.name}: the transfer ended after {size:,} bytes; expected {offset + int(length):,}; "
            "the next try goes on from there"
        )
    with part.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if sha256 == entry.get("sha256"):
        part.unlink()
    else:
        # New bytes have a new time, or they would be taken for those that were received.
        is_dated = answer.headers.get("Last-Modified") != entry.get("last_modified")
        inbox.move_in(part, report.name, _last_modified(answer) if is_dated else None)
        fetched.files += 1
        fetched.byte_count += size
    entry.pop("partial", None)
    entry["sha256"] = sha256
    for key, header in (("etag", "ETag"), ("last_modified", "Last-Modified")):
        entry.pop(key, None)
        if header in answer.headers:
            entry[key] = answer.headers[header]
    ledger.write()
    return True


def _part_of(inbox: Inbox, url: str, entry: dict[str, Any]) -> Path:
    return inbox.part(url, str(entry.get("partial")))


def _headers(entry: dict[str, Any], offset: int) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}  # a range counts the bytes as they are sent
    if offset:
        return {**headers, "Range": f"bytes={offset}-", "If-Range": entry["partial"]}
    if "etag" in entry:
        headers["If-None-Match"] = entry["etag"]
    elif "last_modified" in entry:
        headers["If-Modified-Since"] = entry["last_modified"]
    return headers


def _begin(inbox: Inbox, ledger: SourceLedger, report: Report, answer: Any) -> Path:
    """An empty part; where the server tells versions apart, one that a later try can go on with."""
    etag = answer.headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified")
    report.entry.pop("partial", None)
    if validator:
        report.entry["partial"] = validator
        ledger.write()
    part = _part_of(inbox, report.url, report.entry)
    part.unlink(missing_ok=True)
    return part


def _start_of(answer: Any) -> int | None:
    """The first byte of a partial answer: `bytes 100-199/200`."""
    first = answer.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(first) if first.isdecimal() else None


def _last_modified(answer: Any) -> float | None:
    try:
        moment: datetime = parsedate_to_datetime(answer.headers["Last-Modified"])
    except (KeyError, ValueError):
        return None
    return moment.timestamp()


def _require_bytes(member_code: str, source: HttpsSource, report: Report, answer: Any) -> None:
    """Errors: Unavailable unless the answer is the report."""
    status = answer.status_code
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if status in (200, 206) and (kind != "text/html" or report.name.endswith((".html", ".htm"))):
        return
    if status in (401, 403) or status < 400:
        found = f"answer {status}" if status >= 300 else "a web page, as servers send where a login is wanted"
        advice = "expected to be let in; mend login and password of the connection"
    elif status == 429 or status >= 500:
        found, advice = f"answer {status}", "expected the report; it is tried again"
    else:
        found, advice = f"answer {status}", "expected the report; mend source.url in the member file"
    raise Unavailable(f"{member_code}, https {source.connection}, {report.name}: {found}; {advice}")


@contextmanager
def _server(member_code: str, source: HttpsSource) -> Iterator[Callable[[str, dict[str, str]], Any]]:
    """A function that asks for an address below that of the connection, with headers."""
    from airflow.providers.http.hooks.http import HttpHook
    from airflow.sdk.exceptions import AirflowException
    from requests.exceptions import RequestException, SSLError

    where = f"{member_code}, https {source.connection}"
    connection = connection_of(member_code, source.connection)
    hook = HttpHook(method="GET", http_conn_id=source.connection)
    options: dict[str, Any] = {"stream": True, "check_response": False, "allow_redirects": False}
    try:
        address = urlsplit(hook.url_from_endpoint(source.url))
        if "timeout" not in connection.extra_dejson:
            options["timeout"] = (CONNECT_SECONDS, SILENCE_SECONDS)
    except (ValueError, AirflowException) as error:
        raise Unavailable(wrongly_defined(member_code, source.connection)) from error
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise Unavailable(
            f"{where}: its scheme is {address.scheme}; expected https, or the password can be read on the "
            "way; mend the connection"
        )
    try:
        yield lambda url, headers: hook.run(endpoint=url, headers=headers, extra_options=options)
    except SSLError as error:
        raise Unavailable(
            f"{where}: the certificate of the server is not one that we trust; expected one of a known "
            "authority, or the path of the administration's own under verify in the extra of the connection"
        ) from error
    except (RequestException, OSError) as error:
        raise Unavailable(
            f"{where}: {type(error).__name__}; expected a server that answers; it is tried again"
        ) from error
