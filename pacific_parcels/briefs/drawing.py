"""Charts as light SVG: one drawing that the page shows inline and the PDF holds as it is.

Every chart is 360 units wide, so that its words can be read on a telephone and at half the width of A4.
Nothing speaks by colour alone: series differ in dash and dot, what is not final is hollow, what is
confidential is hatched, and every bar and line has its words beside it. No script, no style sheet, no
reference to elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

WIDTH = 360
OCEAN, ACCENT, INK, SOFT, RULE, TINT = "#0b5c7a", "#a8481a", "#1c2024", "#5c646c", "#d5dadd", "#c4dde6"
HALF_TINT = "#7fb0c4"  # as far from OCEAN as from TINT when it is printed grey
FONT = "Libertinus Serif,Charter,Bitstream Charter,Georgia,serif"
SMALL = 10.5
NOT_FINAL = ("P", "E")
# Mean width of a letter, in heights: wide of what these fonts need, since the reader's may be wider.
LETTER = 0.57

Scale = Callable[[float], float]
Writer = Callable[[float], str]


@dataclass(frozen=True)
class Labels:
    """`title` and `said` are what a screen reader reads; `number` writes the figures of an axis."""

    title: str
    said: str
    number: Writer = str
    from_zero: bool = True


@dataclass(frozen=True)
class Point:
    """One month or quarter of a series; `status` is A, P, E, M, or C for confidential."""

    time_period: str
    value: float | None
    status: str


@dataclass(frozen=True)
class Line:
    name: str
    points: Sequence[Point]
    end_words: str


@dataclass(frozen=True)
class Bar:
    """`before`: the same at an earlier date; `words` stand behind the bar. Without a value: why (C or M)."""

    name: str
    value: float | None
    before: float | None
    status: str
    words: str


@dataclass(frozen=True)
class Part:
    """A piece of a bar; `kind` is a key of PARTS, `words` stand in it where there is room."""

    value: float
    kind: str
    words: str = ""


@dataclass(frozen=True)
class Stack:
    """A bar of several parts from left to right, and what stands behind it. Without a part: confidential."""

    name: str
    parts: Sequence[Part]
    words: str


# Fill, stroke, and colour of the words in it: darker the further it is, hollow where there is nothing yet,
# and a broken frame where it is not known.
PARTS = {
    "full": (OCEAN, f'stroke="{OCEAN}"', "#fff"),
    "partial": (HALF_TINT, f'stroke="{OCEAN}"', INK),
    "pilot": (TINT, f'stroke="{OCEAN}"', INK),
    "none": ("#fff", f'stroke="{OCEAN}"', INK),
    "not_known": ("none", f'stroke="{SOFT}" stroke-dasharray="2.2 1.6"', SOFT),
}


@dataclass(frozen=True)
class Row:
    """A line of the matrix: a status of coverage for each month."""

    name: str
    statuses: Sequence[str]


def lines(key: str, series: Sequence[Line], labels: Labels, events: Mapping[str, str] | None = None) -> str:
    """Series over the same months or quarters, the first one in the foreground; `events`: numbers by month.

    Below it stands the year at each January or first quarter.
    """
    height, left, right, top, bottom = 275, 42, 62, 14, 22
    periods = [point.time_period for point in series[0].points]
    known = [point.value for line in series for point in line.points if point.value is not None]
    scale = scale_of([0.0, *known] if labels.from_zero else known)
    step = (WIDTH - left - right) / max(len(periods) - 1, 1)

    def x(index: float) -> float:
        return left + index * step

    def y(value: float) -> float:
        return top + (height - top - bottom) * (1 - (value - scale[0]) / (scale[-1] - scale[0]))

    base = height - bottom
    parts = [_text(left - 5, y(value) + 3.5, labels.number(value), SOFT, anchor="end") for value in scale] + [
        f'<path d="M{left} {_n(y(value))}H{WIDTH - right}" stroke="{RULE}" stroke-width=".7"/>'
        for value in scale
    ]
    januaries = [index for index, period in enumerate(periods) if period.endswith(("-01", "-Q1"))]
    for index in januaries:
        parts.append(f'<path d="M{_n(x(index))} {base}v4" stroke="{SOFT}"/>')
        parts.append(_text(x(index), base + 15, periods[index][:4], SOFT, anchor="middle"))
    for event, numbers in (events or {}).items():
        at = x(periods.index(event))
        parts.append(
            f'<path d="M{_n(at)} {top}V{base}" stroke="{SOFT}" stroke-width="1.1" '
            'stroke-dasharray="1.2 2.6"/>'
        )
        parts.append(_text(at + 3, top + 4, numbers, SOFT, bold=True))
    hidden = [i for i in range(len(periods)) if any(line.points[i].status == "C" for line in series)]
    for index in hidden:
        begin, end = max(x(index - 0.5), left), min(x(index + 0.5), WIDTH - right)
        parts.append(_hatched(key, begin, top, end - begin, base - top, framed=False))
    for number, line in reversed(list(enumerate(series))):
        parts += _line(line, x, y, number)
    parts += _end_words(series, x, y)
    return _svg(key, height, parts, labels, hatch=bool(hidden))


def _line(line: Line, x: Scale, y: Scale, number: int) -> list[str]:
    """What is final in one stroke; what is not in a broken one, joined to the month before; hollow dots."""
    colour, width = (OCEAN, 2.2) if number == 0 else (ACCENT, 1.5)
    at = [None if p.value is None else f"{_n(x(i))} {_n(y(p.value))}" for i, p in enumerate(line.points)]
    strokes: dict[bool, list[str]] = {False: [], True: []}
    ends: dict[bool, int] = {}
    for index, (before, here) in enumerate(pairwise(line.points), 1):
        if at[index - 1] is None or at[index] is None:
            continue
        is_soft = before.status in NOT_FINAL or here.status in NOT_FINAL
        if ends.get(is_soft) != index - 1:
            strokes[is_soft].append(f"M{at[index - 1]}")
        strokes[is_soft].append(f"L{at[index]}")
        ends[is_soft] = index
    dots = []
    for index, point in enumerate(line.points):
        if point.value is None:
            continue
        neighbours = [at[i] for i in (index - 1, index + 1) if 0 <= i < len(at)]
        if point.status in NOT_FINAL:
            dots.append(_dot(x(index), y(point.value), colour, point.status))
        elif index + 1 == len(at) or not any(neighbours):
            dots.append(f'<circle cx="{_n(x(index))}" cy="{_n(y(point.value))}" r="2.4" fill="{colour}"/>')
    dash = {False: "" if number == 0 else ' stroke-dasharray="7 2.5"', True: ' stroke-dasharray="2.2 2.4"'}
    paths = [f'<path d="{"".join(strokes[soft])}"{dash[soft]}/>' for soft in (False, True) if strokes[soft]]
    group = f'<g fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round">'
    return [group, *paths, "</g>", *dots]


def _dot(x: float, y: float, colour: str, status: str) -> str:
    hollow = f'fill="#fff" stroke="{colour}" stroke-width="1.4"'
    if status == "E":
        return f'<path d="M{_n(x)} {_n(y - 4)}l3.6 4-3.6 4-3.6-4z" {hollow}/>'
    return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="2.6" {hollow}/>'


def _end_words(series: Sequence[Line], x: Scale, y: Scale) -> list[str]:
    """The words of each line behind its last point, moved apart where they would meet."""
    ends: list[tuple[float, float, int]] = []
    for number, line in enumerate(series):
        drawn = [(i, point.value) for i, point in enumerate(line.points) if point.value is not None]
        if drawn:
            index, value = drawn[-1]
            ends.append((y(value) + 3.5, x(index) + 6, number))
    parts = []
    lowest = -100.0
    for at, left, number in sorted(ends):
        line = series[number]
        rows = [line.name, line.end_words] if len(series) > 1 and line.name else [line.end_words]
        at = max(at - 5 * (len(rows) - 1), lowest + 12)
        for row in rows:
            colour = OCEAN if number == 0 else ACCENT
            parts.append(_text(left, at, row, colour, bold=True, room=WIDTH - left))
            lowest, at = at, at + 11
    return parts


def bars(
    key: str, rows: Sequence[Bar], labels: Labels, *, whole: float | None = None, left: int = 118
) -> str:
    """Horizontal bars with their words; an upright tick where the same bar ended before.

    `whole` is what the full length stands for, the largest of them where it is None; names have `left`.
    """
    top, pitch = 6, 27.0
    most = whole or max((max(row.value or 0, row.before or 0) for row in rows), default=0) or 1
    room = WIDTH - left - 92
    parts = []
    hatch = False
    for number, row in enumerate(rows):
        y = top + number * pitch
        middle = y + pitch / 2
        parts.append(_name(left - 6, middle + 3.6, row.name, left - 8))
        if row.value is None:
            end = left + 46.0
            if row.status == "C":
                hatch = True
                parts.append(_hatched(key, left, y + 5, 46, pitch - 10, framed=True))
            else:
                parts.append(_framed(left, y + 5, 46, pitch - 10))
        else:
            end = left + room * row.value / most
            size = f'width="{_n(max(end - left, 0.8))}" height="{_n(pitch - 10)}"'
            parts.append(f'<rect x="{left}" y="{_n(y + 5)}" {size} {_paint(row.status)}/>')
        if row.before is not None and row.value is not None:
            at = left + room * row.before / most
            tick = f'<path d="M{_n(at)} {_n(y + 2.5)}v{_n(pitch - 5)}"'
            # Edged in white: on a dark bar that is printed grey it would not be seen.
            parts.append(f'{tick} stroke="#fff" stroke-width="4.2"/>')
            parts.append(f'{tick} stroke="{INK}" stroke-width="1.8"/>')
            end = max(end, at)
        parts.append(_text(end + 5, middle + 3.6, row.words, INK, room=WIDTH - end - 5))
    return _svg(key, max(top * 2 + len(rows) * pitch, 60), parts, labels, hatch=hatch)


def _paint(status: str, takes_away: bool = False) -> str:
    """Full where a figure is final, pale in a broken frame where it is not; hollow where it takes away."""
    colour = ACCENT if takes_away else OCEAN
    is_soft = status in NOT_FINAL
    fill = "#fff" if takes_away else TINT if is_soft else colour
    return f'fill="{fill}" stroke="{colour}"' + (' stroke-dasharray="2.2 1.6"' if is_soft else "")


def stacks(key: str, rows: Sequence[Stack], labels: Labels, *, left: int, right: int, pitch: float) -> str:
    """Horizontal bars of parts on one scale, names in `left` units before them, words in `right` behind."""
    top = 4
    most = max((sum(part.value for part in row.parts) for row in rows), default=0) or 1
    room = WIDTH - left - right
    parts = []
    hatch = False
    for number, row in enumerate(rows):
        y = top + number * pitch
        middle, height = y + pitch / 2, pitch - 5
        parts.append(_name(left - 6, middle + 3.6, row.name, left - 8))
        end = float(left)
        if not row.parts:
            hatch, end = True, left + 46.0
            parts.append(_hatched(key, left, y + 2.5, 46, height, framed=True))
        for part in row.parts:
            begin, end = end, end + room * part.value / most
            fill, stroke, ink = PARTS[part.kind]
            size = f'width="{_n(end - begin)}" height="{_n(height)}"'
            parts.append(f'<rect x="{_n(begin)}" y="{_n(y + 2.5)}" {size} fill="{fill}" {stroke}/>')
            if part.words and end - begin >= LETTER * 9 * len(part.words):
                at = (begin + end) / 2
                parts.append(_text(at, middle + 3.2, part.words, ink, anchor="middle", size=9))
        parts.append(_text(end + 5, middle + 3.6, row.words, INK, room=WIDTH - end - 5))
    return _svg(key, max(top * 2 + len(rows) * pitch, 60), parts, labels, hatch=hatch)


def contributions(key: str, rows: Sequence[Bar], labels: Labels) -> str:
    """Bars to the right of a line where they add, to the left where they take away."""
    top, pitch, left, right = 6, 21.0, 130, 44
    values = [row.value or 0 for row in rows]
    low, high = min([0, *values]), max([0, *values])
    left += 40 if low < 0 else 0
    span = (high - low) or 1
    room = WIDTH - left - right
    zero = left + room * -low / span
    parts = []
    for number, row in enumerate(rows):
        y, value = top + number * pitch, row.value or 0
        begin, end = sorted((zero, zero + room * value / span))
        size = f'width="{_n(max(end - begin, 0.8))}" height="{_n(pitch - 8)}"'
        parts.append(f'<rect x="{_n(begin)}" y="{_n(y + 4)}" {size} {_paint(row.status, value < 0)}/>')
        words_at, anchor = (end + 5, "start") if value >= 0 else (begin - 5, "end")
        parts.append(_text(words_at, y + pitch / 2 + 3.6, row.words, INK, anchor=anchor))
        parts.append(_name(124, y + pitch / 2 + 3.6, row.name, 122))
    height = top * 2 + len(rows) * pitch
    parts.append(
        f'<path d="M{_n(zero)} {top - 2}V{_n(height - top + 2)}" stroke="{INK}" stroke-width="1.2"/>'
    )
    return _svg(key, max(height, 60), parts, labels)


def matrix(key: str, rows: Sequence[Row], months: Sequence[str], labels: Labels) -> str:
    """A square for each member and month, told apart by shape and not by shade."""
    left, top, pitch = 152, 17, 13.8
    step = (WIDTH - left - 2) / len(months)
    side = min(step - 3, pitch - 3)
    parts = []
    for number, month in enumerate(months):
        if (len(months) - 1 - number) % 4 == 0:
            is_last = number == len(months) - 1
            at, anchor = (WIDTH, "end") if is_last else (left + (number + 0.5) * step, "middle")
            parts.append(_text(at, 10, month, SOFT, anchor=anchor, size=9))
    for line, row in enumerate(rows):
        y = top + line * pitch
        parts.append(_text(left - 6, y + 9.2, row.name, INK, anchor="end", size=10, room=left - 8))
        for number, status in enumerate(row.statuses):
            x = left + (number + 0.5) * step
            parts.append(_square(key, x, y + pitch / 2, side, status))
    hatch = any(status == "HELD" for row in rows for status in row.statuses)
    return _svg(key, top + len(rows) * pitch + 3, parts, labels, hatch=hatch)


def _square(key: str, x: float, y: float, side: float, status: str) -> str:
    begin = x - side / 2
    if status == "NOT_YET_REPORTING":
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="1" fill="{SOFT}"/>'
    if status == "HELD":
        return _hatched(key, begin, y - side / 2, side, side, framed=True)
    if status == "MISSING":
        return _framed(begin, y - side / 2, side, side)
    fill = OCEAN if status == "REPORTED" else TINT
    square = (
        f'<rect x="{_n(begin)}" y="{_n(y - side / 2)}" width="{_n(side)}" height="{_n(side)}" fill="{fill}"/>'
    )
    return square if status == "REPORTED" else square + _text(x, y + 3.2, "0", INK, anchor="middle", size=9)


def scale_of(values: Iterable[float]) -> list[float]:
    """Four to six round figures that hold all values between them."""
    known = list(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    if high <= low:
        high = low + 1
    step = 10.0 ** floor(log10((high - low) / 4))
    step *= next(times for times in (1, 2, 2.5, 5, 10) if (high - low) / (step * times) <= 5)
    first, last = floor(low / step), ceil(high / step)
    return [number * step for number in range(first, last + 1)]


def _svg(key: str, height: float, parts: Sequence[str], labels: Labels, *, hatch: bool = False) -> str:
    pattern = (
        f'<defs><pattern id="{key}-h" width="4" height="4" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M1 0V4" stroke="{SOFT}" stroke-width="1.1"/></pattern>'
        "</defs>"
        if hatch
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_n(height)}" role="img" '
        f'aria-labelledby="{key}-t" aria-describedby="{key}-d" font-family="{FONT}" font-size="{SMALL}">'
        f'<title id="{key}-t">{escape(labels.title)}</title><desc id="{key}-d">{escape(labels.said)}</desc>'
        f"{pattern}{''.join(parts)}</svg>"
    )


def _text(
    x: float,
    y: float,
    words: str,
    colour: str,
    *,
    anchor: str = "start",
    bold: bool = False,
    size: float = SMALL,
    room: float | None = None,
) -> str:
    """Words that are set smaller where there is not room for them."""
    wide = len(words) * LETTER * size
    if room is not None and wide > room:
        size = max(size * room / wide, 7.5)
    attributes = "" if anchor == "start" else f' text-anchor="{anchor}"'
    attributes += "" if size == SMALL else f' font-size="{_n(size)}"'
    attributes += ' font-weight="bold"' if bold else ""
    return f'<text x="{_n(x)}" y="{_n(y)}" fill="{colour}"{attributes}>{escape(words)}</text>'


def _name(x: float, y: float, name: str, room: float, size: float = SMALL) -> str:
    """A name that ends at x, in two lines where one is too short for it; it breaks behind a hyphen too."""
    breaks = [place + 1 for place, sign in enumerate(name) if sign in " -"]
    if len(name) * LETTER * size <= room or not breaks:
        return _text(x, y, name, INK, anchor="end", size=size, room=room)
    cut = min(breaks, key=lambda place: max(len(name[:place].rstrip()), len(name[place:])))
    lines = (name[:cut].rstrip(), name[cut:])
    return "".join(
        _text(x, y + shift, line, INK, anchor="end", size=min(size, 9.6), room=room)
        for line, shift in zip(lines, (-5, 5), strict=True)
    )


def _hatched(key: str, x: float, y: float, width: float, height: float, *, framed: bool) -> str:
    frame = f' stroke="{SOFT}"' if framed else ""
    size = f'width="{_n(width)}" height="{_n(height)}"'
    return f'<rect x="{_n(x)}" y="{_n(y)}" {size} fill="url(#{key}-h)"{frame}/>'


def _framed(x: float, y: float, width: float, height: float) -> str:
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" fill="none" '
        f'stroke="{ACCENT}" stroke-width="1.2"/>'
    )


def _n(value: float) -> str:
    """A coordinate to a tenth of a unit, in as few characters as it takes."""
    return f"{value:.1f}".removesuffix(".0")
