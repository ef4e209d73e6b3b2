"""pacific-parcels: the command.

    pacific-parcels check FILE --member fj        is my file right, before I send it
    pacific-parcels manifest FILE --member fj     write the manifest that goes with it
    pacific-parcels receive [--member fj]         land what is new, without a scheduler
    pacific-parcels demo                          write synthetic extracts into the inbox
    pacific-parcels members [fj]                  the members, or one member file in words

Exit codes: 0 in order · 2 the command was written wrongly, or there is no such file · 4 the file would be
accepted, but rows would be left out · 10 a member file is wrong, or there is none · 11 the extract would be
refused · 12 a source cannot be had just now · 1 anything else.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pacific_parcels import __version__
from pacific_parcels.contract import CHANNELS, RULES
from pacific_parcels.errors import ExtractError, MemberFileError, PacificParcelsError, Unavailable
from pacific_parcels.layout import in_words
from pacific_parcels.members import ColumnSource, Dated, Member, load_members
from pacific_parcels.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    _speak_utf8()
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(Settings.from_environment(), options))
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
    demo.add_argument("--items", type=int, default=300_000)
    demo.add_argument("--months", type=int, default=48)
    demo.add_argument("--seed", type=int, default=2026)
    demo.add_argument("--dirt", type=float, default=0.005, help="share of broken rows")
    demo.add_argument("--until", default="2026-09", help="last month")
    demo.set_defaults(run=_demo)

    members = commands.add_parser("members", help="the members, or one member file in words")
    members.add_argument("code", nargs="?")
    members.set_defaults(run=_members)
    return parser


def _member(settings: Settings, code: str) -> Member:
    members = load_members(settings)
    if code.upper() not in members:
        raise MemberFileError(f"member: found {code!r}; expected one of {', '.join(members).lower()}")
    return members[code.upper()]


def _check(settings: Settings, options: argparse.Namespace) -> int:
    from pacific_parcels.preflight import LABELS, Language, beside, check_file
    from pacific_parcels.reading import REJECTS_SUFFIX

    member = _member(settings, options.member)
    rejects = options.rejects or beside(options.file, REJECTS_SUFFIX)
    report = check_file(settings, member, options.file, rejects)
    if options.json:
        print(json.dumps(report.to_dict(), ensure_ascii=False, indent=1))
        return report.exit_code
    language: Language = options.language or ("fr" if member.languages[0] == "fr" else "en")
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
    if options.code:
        print("\n".join(_in_words(_member(settings, options.code))))
        return 0
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


def _in_words(member: Member) -> list[str]:
    """What was understood of a member file."""
    lines = [
        f"{member.code}  {member.name.en} · {member.name.fr}",
        f"currency {member.currency}, time zone {member.time_zone}, languages {', '.join(member.languages)}",
    ]
    lines += [
        f"de minimis {_when(line)}: {line.amount} {line.currency} {line.basis}, {line.scope}, {line.mode}, "
        f"{'every channel' if line.channels == CHANNELS else ', '.join(line.channels)} ({line.source})"
        for line in member.de_minimis
    ]
    lines += [
        f"tax {_when(line)}: {line.name.en} · {line.name.fr}, {line.rate_pct} % ({line.source})"
        for line in member.taxes
    ]
    lines.append(
        f"shown to the public: {member.sharing.public}, of {member.sharing.minimum_cell_items} items or more"
    )
    for stream_code, stream in member.extracts.items():
        lines.append(
            f"stream {stream_code}: {stream.file}, {stream.cadence.lower()}, "
            f"due {stream.due_days} days after the period"
        )
        for layout in stream.layouts:
            options = "".join(f", {name} {value!r}" for name, value in layout.options.items())
            lines.append(
                f"  layout from {layout.valid_from}: {layout.format}{options}; "
                f"dates {in_words(layout.dates)}, times {in_words(layout.timestamps)}, "
                f"numbers 1{layout.thousands}234{layout.decimal}50"
            )
            lines += [f"    {name} ← {_source_in_words(source)}" for name, source in layout.columns.items()]
            lines += [f"    on every row: {name} is {text}" for name, text in layout.expect.items()]
            lines.append(f"    never landed: {', '.join(layout.ignore) or 'nothing'}")
    if member.note:
        lines.append(f"note: {member.note}")
    return lines


def _when(line: Dated) -> str:
    start = line.valid_from.isoformat() if line.valid_from else "before the series"
    return f"from {start}" + (f" until {line.valid_to.isoformat()}" if line.valid_to else "")


def _source_in_words(source: ColumnSource) -> str:
    if source.constant is not None:
        return f"always {source.constant}"
    lookup = ", ".join(f"{found} is {code}" for found, code in (source.lookup or {}).items())
    return (
        f"{source.column}"
        + (f": {lookup}" if lookup else "")
        + (f" × {source.factor}" if source.factor is not None else "")
        + (f", written {in_words(source.format)}" if source.format else "")
    )


if __name__ == "__main__":
    sys.exit(main())
