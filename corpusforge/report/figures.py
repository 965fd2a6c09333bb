"""Numbers as people read them."""

import math


def count(value: int) -> str:
    """ "1,234,567"."""
    return f"{value:,}"


def brief(value: int) -> str:
    """ "1,234,567", "12.3 million", "4.56 billion": what fits where there is little room."""
    for name, factor in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if value >= max(factor, 1e7):
            return f"{value / factor:.3g} {name}"
    return count(value)


def size(size_bytes: int) -> str:
    """ "12.3 MB"."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:,.1f} {unit}"
    return f"{size_bytes} bytes"


def share(part: float, whole: float) -> str:
    """ "12.3 %"; never 0 where there is something, never 100 where something is missing, "" of nothing."""
    if not whole:
        return ""
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %"


def number(value: float, digits: int = 4) -> str:
    """ "0.2857", "298,408", "0.00001", "1.5e-07": so many digits, whole numbers exactly."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.1f}"
    text = f"{value:.{digits}g}"
    return f"{float(text):.10f}".rstrip("0") if 1e-6 <= abs(value) < 1e-4 else text


def duration(seconds: float) -> str:
    """ "1.4 s", "2 min 05 s", "3 h 07 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def documents(value: int) -> str:
    """ "1 document", "1,200 documents"."""
    return f"{value:,} document{'' if value == 1 else 's'}"
