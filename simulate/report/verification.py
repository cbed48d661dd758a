"""What a verification found, for people and for programs."""

from __future__ import annotations

import io
from dataclasses import asdict
from itertools import groupby
from typing import Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from simulate.report.table import WIDTH
from simulate.verify import Verification


def verification_data(found: Verification) -> dict[str, Any]:
    """The verification as plain data, for JSON; a number that is not there is null."""
    return {
        "holds": found.holds,
        "unsolved": found.unsolved,
        "inconsistencies": [_plain(asdict(one)) for one in found.inconsistencies],
        "checks": [_plain(asdict(one)) for one in found.checks],
    }


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in fields.items()}


def verification_text(found: Verification) -> str:
    """The verification as text of at most 100 columns."""
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False, highlight=False)
    if found.inconsistencies:
        console.print("The file is NOT consistent with its own problem:")
        for one in found.inconsistencies:
            numbers = "" if np.isnan(one.says) else f": says {one.says:g}, follows {one.follows:g}"
            console.print(f"  {one.variable} ({one.where}){numbers}")
    else:
        console.print("The file is consistent: everything in it follows from the problem in it.")
    title = "\nThe same problems, restated and solved by SciPy (SLSQP)"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("strategy: what is minimised")
    for head in ("frames", "confirmed", "energy, ours less SciPy's", "angle apart", ""):
        table.add_column(head, justify="right")
    for (strategy, what), group in groupby(found.checks, key=lambda check: (check.strategy, check.what)):
        checks = list(group)
        sure = [check for check in checks if check.confirmed]
        gap = max((check.gap_j for check in sure), key=abs, default=float("nan"))
        apart = max((check.posture_deg for check in sure), default=float("nan"))
        table.add_row(
            f"{strategy}: {what}",
            str(len(checks)),
            str(len(sure)),
            f"{gap:.0e} J" if sure else "",
            f"{apart:.0e}°" if sure else "",
            "LESS FOUND" if not all(check.holds for check in checks) else "holds" if sure else "not confirmed",
        )
    console.print(table)
    if found.unsolved:
        console.print(f"{found.unsolved} frames are unsolved, and the file says so.")
    lost = sum(not check.confirmed for check in found.checks)
    if lost:
        console.print(f"In {lost} checks SciPy met the musts from neither start: not confirmed, not refuted.")
    return str(console.file.getvalue())  # type: ignore[attr-defined]


__all__ = ["verification_data", "verification_text"]
