"""Writes ``docs/validation.md``: every published result beside what the model makes of it, from all experiments.

Run: python experiments/validation.py [--small] [--out FOLDER]. It also notes how long each took
(``experiments/data/times.csv``).
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Sequence
from os import cpu_count
from pathlib import Path

from experiments.catalogue import experiments, folder
from experiments.common.finding import Comparison
from experiments.common.outcome import RESULTS, run, write
from experiments.common.published import (
    CALIBRATION,
    CONSISTENCY,
    CONTROL,
    HITS,
    NOT_COMPARABLE,
    VALIDATION,
    VERDICTS,
    every_row,
)
from simulate.studies.provenance import provenance

ROLE_WORDS = {
    VALIDATION: (
        "Validation",
        "What could have come out otherwise. No number of the model was set to meet one of these.",
    ),
    CONTROL: (
        "Negative controls",
        "Where people do not compensate, or not as a chain must: a model that always does fails here.",
    ),
    CALIBRATION: (
        "Calibration",
        "What the stiffness table was set by (`experiments/calibration.py`: V3.tilt and V7.ratio), and what goes with "
        "it: a hit says little, a miss says what a stiffness cannot mend. Not counted as validation.",
    ),
    CONSISTENCY: (
        "Consistency checks",
        "What the model passes by construction: the free answer is the recording it was made of, closure is "
        "arithmetic on the chain, a limit that is imposed is kept. A failure here would be a mistake in the code or "
        "the reference; a pass says nothing about people, and is not counted as validation.",
    ),
}
Found = Sequence[tuple[str, Comparison]]


def page(found: Found, grid: str) -> str:
    """The page.

    Parameters
    ----------
    found : sequence of (name of the experiment, Comparison)
    grid : {"small", "full"}
    """
    parts = [
        "# Validation",
        "Every published result that hipspine is held against, beside what comes out, from the "
        f"[experiments](experiments.md) ({grid} grid, version {provenance()['version']}). Written by `python "
        "experiments/validation.py`; a miss stands here as a miss. Most published figures are known by abstracts "
        "only; source, confidence and where each tolerance comes from are in the [table](#every-published-row). A "
        "sign counts as right whatever the size, which stands beside it.",
        _counts(found),
    ]
    for role, (title, words) in ROLE_WORDS.items():
        rows = [each for each in found if each[1].role == role]
        parts += [f"## {title}", words, _table([each for each in rows if each[1].verdict != NOT_COMPARABLE])]
    apart = [each for each in found if each[1].verdict == NOT_COMPARABLE]
    parts += [
        "## Not comparable",
        "Published, and asked for, but no number of the model says anything about it.",
        _table(apart),
    ]
    compared = {each.row.id for _, each in found}
    missing = [row for row in every_row().values() if row.id not in compared]
    if missing:
        parts += [
            "## Not held against anything yet",
            "\n".join(f"- {row.id}: {row.what}: {row.said} ({row.cited})" for row in missing),
        ]
    parts += ["## Every published row", "```{csv-table}\n:file: data_tables/published.csv\n:header-rows: 1\n```"]
    return "\n\n".join(parts) + "\n"


def _counts(found: Found) -> str:
    """How many of each role and verdict there are."""
    counts = Counter((each.role, each.verdict) for _, each in found)
    lines = ["| | " + " | ".join(VERDICTS) + " |", "|---" * (len(VERDICTS) + 1) + "|"]
    for role, (title, _) in ROLE_WORDS.items():
        lines.append(f"| {title.lower()} | " + " | ".join(str(counts[role, said] or "") for said in VERDICTS) + " |")
    apart = [each for _, each in found if each.role in (VALIDATION, CONTROL) and each.verdict != NOT_COMPARABLE]
    hits = sum(each.verdict in HITS for each in apart)
    told = (
        f"Of {len(apart)} comparisons that could have come out otherwise {hits} came out as published. Some published "
        "rows are compared more than once, by different strategies or readings; each is told."
    )
    return "\n".join(lines) + f"\n\n{told}"


def _table(found: Found) -> str:
    """A row for each comparison."""
    lines = ["| id | published | tolerated | here | verdict | experiment |", "|---" * 6 + "|"]
    for name, each in found:
        row = each.row
        here = f"{each.number} ({each.by})" if each.verdict != NOT_COMPARABLE else each.by
        why = f": {each.why}" if each.why else ""
        lines.append(
            f"| {row.id} | {row.what}: **{row.said}** ({row.cited}) | {row.tolerance} | {here} | {each.verdict}{why} "
            f"| `{name}` |"
        )
    return "\n".join(lines)


def note_times(seconds: dict[str, float], grid: str) -> None:
    """Keep how long each took on this grid; what is known of the other grid stays."""
    path = folder() / "data" / "times.csv"
    fields = ["name", "grid", "seconds", "cores", "processor"]
    kept = []
    if path.is_file():
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        kept = [row for row in csv.DictReader(lines) if row["grid"] != grid or row["name"] not in seconds]
    here = {"grid": grid, "cores": str(cpu_count() or 1), "processor": provenance()["processor"]}
    rows = [*kept, *({"name": name, "seconds": f"{each:.1f}", **here} for name, each in seconds.items())]
    order = list(experiments())
    rows = sorted(
        (row for row in rows if row["name"] in order), key=lambda row: (order.index(row["name"]), row["grid"])
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(
            "# How long each experiment took when it was measured last, with the solver compiled; written by "
            "experiments/validation.py.\n"
        )
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Run every experiment and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--small", action="store_true", help="the small grid")
    parser.add_argument(
        "--out", type=Path, default=RESULTS, help=f"folder for data, figures and findings; default {RESULTS}"
    )
    given = parser.parse_args()
    grid = "small" if given.small else "full"
    found: list[tuple[str, Comparison]] = []
    seconds = dict[str, float]()
    run(next(iter(experiments())), small=True)  # compiles, or loads, the solver
    for name in experiments():
        outcome, seconds[name] = run(name, small=given.small)
        write(name, outcome, given.out)
        found += [(name, each) for each in outcome.finding.comparisons]
        print(f"{name}: {seconds[name]:.1f} s", flush=True)
    note_times(seconds, grid)
    target = folder().parent / "docs" / "validation.md"
    target.write_text(page(found, grid), encoding="utf-8")
    print(f"written: {target}")


if __name__ == "__main__":
    main()
