"""pacific-parcels: the command.

    pacific-parcels check FILE --member fj        is my file right, before I send it
    pacific-parcels manifest FILE --member fj     write the manifest that goes with it
    pacific-parcels receive [--member fj]         land what is new, without a scheduler
    pacific-parcels demo                          write synthetic extracts into the inbox
    pacific-parcels demo --kind gap               synthetic gap reports: standards, commitments, actions
    pacific-parcels members                       the members
    pacific-parcels members show fj               one member file in words (`members fj` does the same)
    pacific-parcels members new fj --sample FILE  write a first member file from a sample
    pacific-parcels members template fj --kind gap  templates to report progress in: CSV and workbooks
    pacific-parcels progress [fj]                 standards, commitments, actions, as believed on a day
    pacific-parcels keys list                     the keys of tokens: versions and dates, never the secret
    pacific-parcels keys new fj                   make a member's first key (docs/OPERATIONS.md, Keys)
    pacific-parcels keys rotate fj                make its next version; the older ones stay
    pacific-parcels accounts add NAME --audience member_fj   an account for the pages; asks for its password
    pacific-parcels accounts password NAME        a new password (so too: list, lock, unlock)
    pacific-parcels audit verify                  is the log of who opened what whole

Exit codes: 0 in order · 2 the command was written wrongly, or there is no such file · 4 the file would be
accepted, but rows would be left out · 10 a member file is wrong, or there is none · 11 the extract would be
refused · 12 a source cannot be had just now · 16 a key is missing, or others can read it · 1 anything else.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from getpass import getpass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from pacific_parcels import __version__
from pacific_parcels.contract import RULES
from pacific_parcels.errors import ExtractError, MemberFileError, PacificParcelsError, Unavailable
from pacific_parcels.members import Member, load_members
from pacific_parcels.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    _speak_utf8()
    options = _parser().parse_args(_spelled_out(sys.argv[1:] if arguments is None else arguments))
    try:
        code = int(options.run(Settings.from_environment(), options))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever reads (`| head`) has read enough: as rich does, without a word, now and at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PacificParcelsError.exit_code
    except ExtractError as error:
        rule = RULES[error.rule_id]
        title, remedy = rule.title.fill(error.details), rule.remedy.fill(error.details)
        print(f"{error.rule_id} {title.en} {remedy.en}", file=sys.stderr)
        print(f"{error.rule_id} {title.fr} {remedy.fr}", file=sys.stderr)
        return error.exit_code
    except PacificParcelsError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except FileNotFoundError as error:
        print(f"{error.filename}: there is no such file; expected the path of an extract", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"{error.filename}: {error.strerror}; expected a file that can be read, "
            "and a folder that can be written",
            file=sys.stderr,
        )
        return PacificParcelsError.exit_code


def _speak_utf8() -> None:
    """A report that Windows sends to a file would stop at the first sign that cp1252 does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _spelled_out(arguments: Sequence[str]) -> list[str]:
    """`members fj` is short for `members show fj`."""
    first, *rest = arguments or [""]
    is_short = (
        first == "members"
        and rest
        and rest[0] not in ("show", "new", "template")
        and not rest[0].startswith("-")
    )
    return [first, "show", *rest] if is_short else list(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pacific-parcels", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="is my file right, before I send it")
    check.add_argument("file", type=Path)
    check.add_argument("--member", required=True, help="the member's two letters, such as fj")
    check.add_argument(
        "--language", choices=("en", "fr"), help="default: French where the member's first language is French"
    )
    check.add_argument("--json", action="store_true", help="the report for a program")
    check.add_argument(
        "--rejects", type=Path, help="where the list of rows left out goes (default: beside the file)"
    )
    check.set_defaults(run=_check)

    manifest = commands.add_parser("manifest", help="write the manifest that goes with a file")
    manifest.add_argument("file", type=Path)
    manifest.add_argument("--member", required=True)
    manifest.set_defaults(run=_manifest)

    receive = commands.add_parser("receive", help="land what is new, without a scheduler")
    receive.add_argument("--member", help="one member only")
    receive.set_defaults(run=_receive)

    demo = commands.add_parser("demo", help="write synthetic extracts into the inbox")
    demo.add_argument(
        "--kind", choices=("items", "gap"), default="items", help="extracts of items, or gap reports"
    )
    demo.add_argument("--items", type=int, default=300_000)
    demo.add_argument("--months", type=int, default=48)
    demo.add_argument("--seed", type=int, default=2026)
    demo.add_argument("--dirt", type=float, default=0.005, help="share of broken rows")
    demo.add_argument("--until", default="2026-09", help="last month")
    demo.set_defaults(run=_demo)

    members = commands.add_parser("members", help="the members; one in words; a first member file")
    members.set_defaults(run=_members)
    actions = members.add_subparsers(metavar="show | new | template")
    show = actions.add_parser("show", help="one member file in words")
    show.add_argument("code", help="the member's two letters, such as fj")
    show.add_argument("--language", choices=("en", "fr"), help="default: as for check")
    show.set_defaults(run=_show_member)

    new = actions.add_parser("new", help="write a first member file from a sample of what is sent")
    new.add_argument("code", help="the member's two letters, such as fj")
    new.add_argument("--sample", type=Path, required=True, help="a file as the member would send it")
    new.add_argument("--out", type=Path, default=Path("."), help="the folder to write to (default: this one)")
    facts = "a fact, never guessed; default: that of the packaged member file"
    new.add_argument("--currency", help=f"such as FJD; {facts}")
    new.add_argument("--time-zone", help=f"such as Pacific/Fiji; {facts}")
    new.add_argument("--name-en", help=f"such as Fiji; {facts}")
    new.add_argument("--name-fr", help=f"such as Fidji; {facts}")
    new.add_argument("--languages", help=f"such as en,fj, the first one first; {facts}")
    new.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="CONTRACT=COLUMN",
        help="a column that you are sure of, such as arrival_date=Date; may be given again",
    )
    new.add_argument(
        "--constant",
        action="append",
        default=[],
        metavar="CONTRACT=VALUE",
        help="what holds on every row, such as channel_code=POSTAL_PARCEL; may be given again",
    )
    new.set_defaults(run=_new_member)

    template = actions.add_parser("template", help="templates for what a member reports in a form of ours")
    template.add_argument("code", help="the member's two letters, such as fj")
    template.add_argument(
        "--kind", choices=("gap",), required=True, help="gap: standards, commitments, actions"
    )
    template.add_argument("--period", help="the month of the report, such as 2026-03 (default: this month)")
    template.add_argument(
        "--out", type=Path, default=Path("."), help="the folder to write to (default: this one)"
    )
    template.set_defaults(run=_write_templates)

    progress = commands.add_parser("progress", help="standards, commitments and actions as believed on a day")
    progress.add_argument(
        "code", nargs="?", help="one member only, such as fj (default: all, and the region)"
    )
    progress.add_argument("--as-of", help="the day, such as 2026-03-31 (default: today)")
    progress.add_argument(
        "--measured", action="store_true", help="also beside what the member's own published file shows of it"
    )
    progress.add_argument("--language", choices=("en", "fr"), help="default: as for check")
    progress.set_defaults(run=_progress)

    keys = commands.add_parser("keys", help="the keys of the tokens that stand for parties")
    key_actions = keys.add_subparsers(required=True, metavar="list | new | rotate")
    listed = key_actions.add_parser("list", help="members, versions and dates; never a secret")
    listed.set_defaults(run=_list_keys)
    for act, words in (("new", "a member's first key"), ("rotate", "its next version; older ones stay")):
        make = key_actions.add_parser(act, help=words)
        make.add_argument("code", help="the member's two letters, such as fj")
        make.set_defaults(run=_make_key, is_first=act == "new")

    accounts = commands.add_parser("accounts", help="accounts of our own for the pages")
    account_actions = accounts.add_subparsers(required=True, metavar="list | add | password | lock | unlock")
    account_actions.add_parser("list", help="who there is").set_defaults(run=_list_accounts)
    add = account_actions.add_parser("add", help="a new account; its password is asked for, twice")
    add.add_argument("name", help="lower-case letters, digits and hyphens; it goes into the audit log")
    add.add_argument("--audience", required=True, help="secretariat, donor, or a member such as member_fj")
    add.set_defaults(run=_add_account)
    for action, run, explained in (
        ("password", _change_password, "a new password, asked for twice; ends the account's sessions"),
        ("lock", _lock_account, "nobody signs in with it any more; ends the account's sessions"),
        ("unlock", _unlock_account, "take the lock away, and the wait after wrong passwords"),
    ):
        one = account_actions.add_parser(action, help=explained)
        one.add_argument("name")
        one.set_defaults(run=run)

    audit = commands.add_parser("audit", help="the log of who opened what")
    audit_actions = audit.add_subparsers(required=True, metavar="verify")
    verify = audit_actions.add_parser("verify", help="is every line there and as it was written")
    verify.add_argument("--holds", metavar="HASH", help="the last hash of an earlier time: is it still there")
    verify.set_defaults(run=_verify_audit)
    return parser


def _member(settings: Settings, code: str) -> Member:
    members = load_members(settings)
    if code.upper() not in members:
        raise MemberFileError(f"member: found {code!r}; expected one of {', '.join(members).lower()}")
    return members[code.upper()]


def _language(options: argparse.Namespace, member: Member) -> Literal["en", "fr"]:
    """The language asked for, else French where the member's first language is French."""
    chosen: Literal["en", "fr"] | None = options.language
    return chosen or ("fr" if member.languages[0] == "fr" else "en")


def _check(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.preflight import LABELS, beside, check_file
    from pacific_parcels.reading import REJECTS_SUFFIX

    member = _member(settings, options.member)
    rejects = options.rejects or beside(options.file, REJECTS_SUFFIX)
    report = check_file(settings, member, options.file, rejects)
    if options.json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
        return report.exit_code
    language = _language(options, member)
    print("\n".join(report.lines(language)))
    if report.reading.rejected_file is not None:
        print("\n" + LABELS["all_rejects"][language].format(path=rejects))
    return report.exit_code


def _manifest(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.preflight import write_manifest

    written = write_manifest(settings, _member(settings, options.member), options.file)
    print(f"{written}: send it after the file itself")
    return 0


def _receive(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.landing import ReceiveOutcome, receive_member

    members = [_member(settings, options.member)] if options.member else list(load_members(settings).values())
    outcomes = []
    for member in members:
        try:
            outcomes.append(receive_member(settings, member))
        except Unavailable as error:  # of this member: the others are received all the same
            outcomes.append(ReceiveOutcome(member.code, "UNREACHABLE", message_en=str(error)))
    for outcome in outcomes:
        print(
            f"{outcome.member_code}  {outcome.status:<11}  {outcome.extracts_accepted:,} extracts accepted, "
            f"{outcome.extracts_refused:,} refused, {outcome.extracts_seen_before:,} seen before; "
            f"{outcome.rows_in:,} rows, of them {outcome.rows_accepted:,} accepted, "
            f"{outcome.rows_rejected:,} rejected, {outcome.rows_duplicate:,} duplicate"
            + (
                f"; {outcome.files_still_growing:,} files still growing"
                if outcome.files_still_growing
                else ""
            )
        )
    for outcome in outcomes:
        if outcome.message_en:
            print(outcome.message_en)
    if any(outcome.status == "UNREACHABLE" for outcome in outcomes):
        return 12
    if any(outcome.status == "ERRORED" for outcome in outcomes):
        return MemberFileError.exit_code
    return ExtractError.exit_code if any(outcome.status == "REFUSED" for outcome in outcomes) else 0


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.demo import write_demo
    from pacific_parcels.demo.gap import write_gap_demo

    if options.kind == "gap":
        written = write_gap_demo(settings, months=options.months, seed=options.seed, until=options.until)
        print(
            f"SYNTHETIC, true of no country: {written.files:,} gap reports with {written.rows:,} rows "
            f"written into {settings.inbox}."
        )
        return 0

    summary = write_demo(
        settings,
        items=options.items,
        months=options.months,
        seed=options.seed,
        dirt=options.dirt,
        until=options.until,
    )
    print(
        f"SYNTHETIC, true of no country: {summary.files:,} files with {summary.items:,} items written into "
        f"{settings.inbox}; {sum(summary.broken.values()):,} rows are broken on purpose."
    )
    if summary.unserved:
        print(f"No extracts for {', '.join(summary.unserved)}: their format is not one that can be written.")
    return 0


def _members(settings: Settings, options: argparse.Namespace) -> int:
    table = Table("code", "name", "nom", "currency", "extracts", "formats")
    for member in load_members(settings).values():
        formats = {layout.format for stream in member.extracts.values() for layout in stream.layouts}
        table.add_row(
            member.code,
            member.name.en,
            member.name.fr,
            member.currency,
            ", ".join(member.extracts),
            ", ".join(sorted(formats)),
        )
    Console().print(table)
    return 0


def _show_member(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.member_words import in_sentences

    member = _member(settings, options.code)
    print("\n".join(in_sentences(member, _language(options, member))))
    return 0


def _new_member(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.drafting import Facts, write_draft

    languages = tuple(part.strip() for part in (options.languages or "").split(",") if part.strip())
    facts = Facts(options.currency, options.time_zone, options.name_en, options.name_fr, languages or None)
    path = write_draft(
        settings,
        options.code,
        options.sample,
        options.out,
        facts,
        _pairs("--map", options.map),
        _pairs("--constant", options.constant),
    )
    marks = path.read_text(encoding="utf-8")
    counts = ", ".join(
        f"{marks.count(f'{mark}:')} {mark}" for mark in ("GUESS", "AMBIGUOUS", "TO BE DECIDED")
    )
    print(
        f"{path}: written, with {counts}. Settle them, then set PACIFIC_PARCELS_MEMBERS to its folder, "
        f"and try it: members show {options.code.lower()}, and check FILE --member {options.code.lower()}."
    )
    return 0


def _write_templates(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.gap.templates import write_templates

    member = _member(settings, options.code)
    period = options.period or f"{datetime.now(UTC):%Y-%m}"
    for path in write_templates(member, period, options.out):
        print(path)
    print(
        f"Fill in one of each pair, check it (check FILE --member {member.code.lower()}), and send it as you "
        "send your extracts. The sheets Guide and Lists of the workbooks explain columns and codes."
    )
    return 0


def _progress(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.progress.words import measured_lines, region_lines, report_lines
    from pacific_parcels.publishing import current

    try:
        as_of = date.fromisoformat(options.as_of) if options.as_of else datetime.now(UTC).date()
    except ValueError:
        raise PacificParcelsError(
            f"--as-of: found {options.as_of!r}; expected a day, such as 2026-03-31"
        ) from None
    members = [_member(settings, options.code)] if options.code else list(load_members(settings).values())
    for member in members:
        language = _language(options, member)
        lines = report_lines(settings, member, as_of, language)
        if options.measured:
            pointer = current(settings)
            name = pointer["audiences"].get(f"member_{member.code.lower()}") if pointer else None
            file = settings.published / name if name else None
            lines += measured_lines(settings, member, file, as_of, language)
        print("\n".join(lines))
    if not options.code:
        print("\n".join(region_lines(settings, members, as_of, options.language or "en")))
    return 0


def _list_keys(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.keys import KeyStore

    store = KeyStore.of(settings)
    table = Table("member", "version", "made on", "makes tokens")
    for code in store.codes():
        versions = store.versions(code)
        for version in versions:
            is_newest = "yes" if version is versions[-1] else ""
            table.add_row(code, f"v{version.key.version}", version.made_on.isoformat(), is_newest)
    Console().print(table)
    print(f"They lie in {store.directory}. Keep a copy of it apart from every copy of the data.")
    return 0


def _make_key(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.keys import KeyStore

    member, store = _member(settings, options.code), KeyStore.of(settings)
    today = datetime.now(UTC).date()
    key = store.new(member.code, today) if options.is_first else store.rotate(member.code, today)
    print(
        f"{member.code}: version {key.version} of its key is made, in {store.directory}. "
        "Keep a copy apart from every copy of the data."
    )
    return 0


def _accounts_file(settings: Settings) -> Path:
    from pacific_parcels.sign_in import load_sign_in

    sign_in = load_sign_in(settings.sign_in_file)
    if sign_in is None or sign_in.accounts is None:
        raise PacificParcelsError(
            "accounts: found no [accounts] with a file; expected it in the file that PACIFIC_PARCELS_SIGN_IN "
            "names (docs/OPERATIONS.md)"
        )
    return sign_in.accounts.file


def _list_accounts(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.accounts import read

    table = Table("account", "audience", "state")
    for name, account in sorted(read(_accounts_file(settings)).items()):
        waits = account.locked_until > datetime.now(UTC).isoformat()
        state = "locked" if account.is_locked else f"waits until {account.locked_until}" if waits else "open"
        table.add_row(name, account.audience, state)
    Console().print(table)
    return 0


def _add_account(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.accounts import add

    file = _accounts_file(settings)
    audiences = ["secretariat", "donor", *(f"member_{code.lower()}" for code in load_members(settings))]
    if options.audience not in audiences:
        raise PacificParcelsError(
            f"--audience: found {options.audience!r}; expected one of {', '.join(audiences)}"
        )
    add(file, options.name, options.audience, _ask_password())
    print(f"{options.name}: may sign in now, and sees what is for {options.audience}")
    return 0


def _change_password(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.accounts import set_password

    set_password(_accounts_file(settings), options.name, _ask_password())
    print(f"{options.name}: has a new password; whoever was signed in with the old one is out")
    return 0


def _lock_account(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.accounts import lock

    lock(_accounts_file(settings), options.name)
    print(f"{options.name}: may not sign in any more")
    return 0


def _unlock_account(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.accounts import unlock

    unlock(_accounts_file(settings), options.name)
    print(f"{options.name}: may sign in again")
    return 0


def _ask_password() -> str:
    password = getpass("Password: ")
    if getpass("The same again: ") != password:
        raise PacificParcelsError("accounts: the two passwords differ; nothing was written")
    return password


def _verify_audit(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.audit_log import verify

    verdict = verify(settings.audit, options.holds)
    if verdict.broken_at:
        print(f"{settings.audit}: {verdict.broken_at}", file=sys.stderr)
        return PacificParcelsError.exit_code
    if not verdict.has_hash:
        print(
            f"{settings.audit}: no line has the hash {options.holds}; lines were taken away or written anew",
            file=sys.stderr,
        )
        return PacificParcelsError.exit_code
    print(
        f"{verdict.lines:,} lines, all as they were written; the last has the hash {verdict.last}. "
        "Note it elsewhere: `audit verify --holds HASH` finds out later whether the log was written anew."
    )
    return 0


def _pairs(option: str, texts: Sequence[str]) -> dict[str, str]:
    """CONTRACT=COLUMN as a dict. Errors: MemberFileError for a text without the sign."""
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise MemberFileError(f"{option}: found {text!r}; expected CONTRACT=VALUE, with both parts")
        pairs[name] = value
    return pairs


if __name__ == "__main__":
    sys.exit(main())
