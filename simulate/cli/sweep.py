"""``hipspine sweep``: a study from its file into its store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kinematics.errors import HipspineError
from simulate.cli.output import working
from simulate.cli.statuses import INTERRUPTED, UNSOLVED_FRAMES

if TYPE_CHECKING:
    import xarray as xr

    from simulate.studies.plan import Plan
    from simulate.studies.run import Progress


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Store to write.  [default: results/STUDY.zarr]")
@click.option("--resume", is_flag=True, help="Go on with a store that is there: what is whole is kept.")
@click.option("--dry-run", is_flag=True, help="Say how many postures, how long and how large, and stop.")
@click.option("--workers", type=click.IntRange(min=1), help="Cores of this machine to use.  [default: all]")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster computes it: tcp://HOST:PORT of its scheduler.")
@click.option("--figures/--no-figures", "drawn", default=True, show_default=True, help="Draw the study's pictures.")
@click.option("--netcdf", type=click.Path(path_type=Path), help="Also one netCDF file.")
@click.option("--parquet", type=click.Path(path_type=Path), help="Also a table, one row a case and strategy.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def sweep(
    study: Path,
    out: Path | None,
    resume: bool,
    dry_run: bool,
    workers: int | None,
    scheduler: str | None,
    drawn: bool,
    netcdf: Path | None,
    parquet: Path | None,
    as_json: bool,
) -> None:
    """Solve every case of STUDY.toml, on all cores or on a Dask cluster.

    A study says in a few lines what is held and what varies. Ctrl-C, a crash or a power cut leave a store that --resume
    goes on with; the values are the same in the end.
    """
    if scheduler is not None and workers is not None:
        raise HipspineError("--workers is about this machine, and a --scheduler has workers of its own")
    with working("Reading the study."):
        from simulate.studies.plan import plan
        from simulate.studies.run import StoppedError
        from simulate.studies.run import sweep as run
        from simulate.studies.study import read_study

        made = plan(read_study(study))
    for notice in made.notices:
        click.echo(f"note: {notice}", err=True)
    if dry_run:
        _forecast(made, workers, as_json)
        return
    place = out or Path("results") / f"{study.stem}.zarr"
    seen: list[Progress] = []
    try:
        with _watching() as watch:

            def follow(now: Progress) -> None:
                seen[:] = [now]
                watch(now)

            data = run(made.study, place, resume=resume, scheduler=scheduler, workers=workers, watch=follow)
    except StoppedError as error:
        if not error.interrupted:
            raise
        click.echo(f"hipspine: {error}", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    with working("Writing."):
        written = [str(place), *_exported(data, netcdf, parquet), *(_pictures(data, place) if drawn else ())]
    if seen[-1].found_whole == seen[-1].of_blocks:
        click.echo(f"{place}: every block was whole already; nothing was computed", err=True)
    told = _told(data, written)
    click.echo(json.dumps(told) if as_json else _text(told))
    if told["frames"]["unsolved"]:
        raise click.exceptions.Exit(UNSOLVED_FRAMES)


def _forecast(made: Plan, workers: int | None, as_json: bool) -> None:
    """What a study will take."""
    from os import cpu_count

    from simulate.studies.plan import forecast

    cores = workers or cpu_count() or 1
    with working("Solving some of its cases to know how long they take."):
        seconds = forecast(made, cores=cores)
    told = {
        "cases": made.study.cases,
        "strategies": list(made.study.strategies),
        "postures": made.postures,
        "blocks": len(made.blocks),
        "seconds": seconds,
        "cores": cores,
        "bytes": made.bytes,
    }
    if as_json:
        click.echo(json.dumps(told))
        return
    ways, plural = " and ".join(made.study.strategies), "s" if cores > 1 else ""
    click.echo(
        f"{made.study.cases:,} cases by {ways}: {made.postures:,} postures in {len(made.blocks):,} blocks\n"
        f"about {_time(seconds)} on {cores} core{plural}, from cases solved just now; compiling apart\n"
        f"at most {_size(made.bytes)} on disk, before compression"
    )


@contextmanager
def _watching() -> Iterator[Any]:
    """A progress bar on standard error, with the rate and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("postures; the first run also compiles the solver", total=None, rate="")

        def watch(now: Progress) -> None:
            solved = now.postures * (1.0 - now.found_whole / max(now.blocks, 1))
            rate = f"{solved / now.seconds:,.0f} a second" if now.blocks > now.found_whole else ""
            what = "postures" if now.blocks else "postures; the first run also compiles the solver"
            bar.update(task, description=what, completed=now.postures, total=now.of_postures, rate=rate)

        yield watch


def _exported(data: xr.Dataset, netcdf: Path | None, parquet: Path | None) -> Iterator[str]:
    from simulate.studies.export import to_netcdf, to_parquet

    if netcdf is not None:
        to_netcdf(data, netcdf)
        yield str(netcdf)
    if parquet is not None:
        to_parquet(data, parquet)
        yield str(parquet)


def _pictures(data: xr.Dataset, place: Path) -> Iterator[str]:
    """The pictures that go with the study, in a folder beside its store."""
    from simulate.figures.study import study_figures
    from simulate.sensitivity import study_indices

    folder = place.with_suffix(".figures")
    for name, figure in study_figures(data).items():
        folder.mkdir(parents=True, exist_ok=True)
        for kind in ("png", "svg"):
            figure.savefig(folder / f"{name}.{kind}", dpi=120)
        yield str(folder / f"{name}.png")
    shares = study_indices(data)
    if shares is not None:
        shares.to_dataframe().to_csv(folder / "indices.csv")
        yield str(folder / "indices.csv")


def _told(data: xr.Dataset, written: list[str]) -> dict[str, Any]:
    """What came out, as plain data."""
    counts = data.frames.sum([dim for dim in data.frames.dims if dim != "status"])
    return {
        "task": data.attrs["task"],
        "dims": {str(name): int(size) for name, size in data.lumbar.sizes.items()},
        "frames": {str(name): int(counts.sel(status=name)) for name in data.status.values},
        "blocks": data.attrs["blocks"],
        "whole_blocks": data.attrs["whole_blocks"],
        "files": written,
    }


def _text(told: dict[str, Any]) -> str:
    dims = " x ".join(f"{size} {name.replace('_', ' ')}" for name, size in told["dims"].items())
    frames = ", ".join(f"{count:,} {name}" for name, count in told["frames"].items())
    return f"{dims}\nframes: {frames}\nWritten: {', '.join(told['files'])}"


def _time(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2.0 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds"


def _size(n: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n < 1000.0:
            return f"{n:.3g} {unit}"
        n /= 1000.0
    return f"{n:.3g} TB"
