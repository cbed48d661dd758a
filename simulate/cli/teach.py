"""``hipspine teach``: the kinetic chain, live in the browser of this machine."""

from __future__ import annotations

import threading
import webbrowser
from pathlib import Path

import click

from kinematics.errors import HipspineError
from simulate.cli.output import working


@click.command()
@click.option("--port", type=int, default=0, metavar="N", help="Port to listen on.  [default: a free one]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others can then connect.")
@click.option("--browser/--no-browser", "opened", default=True, show_default=True, help="Open the page in the browser.")
@click.option("--lesson", metavar="NAME|FILE.md", help="Begin with a lesson: one of ours, or one of your own.")
@click.option(
    "--export", "exported", type=click.Path(path_type=Path), metavar="FILE", help="Write one .html file instead."
)
def teach(port: int, host: str, opened: bool, lesson: str | None, exported: Path | None) -> None:
    """Show what a stiff hip does to pelvis and lumbar spine, live, to a class.

    Serves a page to this machine only, until Ctrl-C. With --export it writes one file instead that opens in any browser
    without Python, server or network.
    """
    if exported is not None:
        _export(exported, lesson)
        return
    with working("Starting."):
        try:
            from simulate.teach.lesson import lesson_named, lessons
            from simulate.teach.live.server import address_of, listen, only_here, serve
        except ModuleNotFoundError as error:
            raise _missing(error) from None
        offered = lessons()
        begun = lesson_named(lesson) if lesson is not None else None
        if begun is not None and begun not in offered:
            offered = (begun, *offered)
        sock = listen(host, port)
    address = address_of(sock)
    spinner = working("Getting the solver ready. The first start compiles it: about half a minute.")

    def listening() -> None:
        click.echo(f"hipspine teach: {address}  (Ctrl-C ends it)")
        if not only_here(sock):
            click.echo(
                f"warning: --host {host}: everybody who reaches this machine over the network can use the page; "
                "there is no password and no encryption",
                err=True,
            )
        if opened:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        spinner.start()

    def ready(error: BaseException | None) -> None:
        spinner.stop()
        if error is not None:
            click.echo(f"hipspine: the solver could not be started: {type(error).__name__}: {error}", err=True)

    try:
        serve(sock, lessons=offered, opened=begun.name if begun else "", listening=listening, ready=ready)
    except KeyboardInterrupt:
        click.echo("hipspine teach: ended", err=True)
    finally:
        spinner.stop()


def _export(out: Path, lesson: str | None) -> None:
    """Write one file that needs neither Python nor a server: a lesson, or else the walk with hip extension to move."""
    with working("Loading.") as spinner:
        try:
            from simulate.teach.asked import Asked
            from simulate.teach.handout.export import check_export, export
            from simulate.teach.lesson import lesson_named
        except ModuleNotFoundError as error:
            raise _missing(error) from None
        check_export(out)
        what = Asked() if lesson is None else lesson_named(lesson)
        written = export(what, out, progress=lambda share, words: spinner.update(f"{100.0 * share:.0f} %, {words}"))
    click.echo(
        f"{written.path}: {written.bytes / 1e6:.1f} MB. It opens in any browser, without a network. Between computed "
        f"limits it interpolates: lumbar angles are within {written.lumbar_deg:.2g}° of the solver (95 % of them "
        f"within {written.lumbar_deg_95:.2g}°), joints within {written.joints_mm:.2g} mm."
    )


def _missing(error: ModuleNotFoundError) -> HipspineError:
    return HipspineError(f"the page needs {error.name}, which is not installed: pip install 'hipspine[teach]'")


__all__ = ["teach"]
