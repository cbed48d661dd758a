"""The command ``hipspine``, and the check that the folders it runs are ours.

Import names are folder names (``kinematics``, ``simulate``, ``experiments``), and other distributions use such names
too. Whichever was installed last wins, so this module looks before it imports.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("kinematics", "simulate", "experiments")


def foreign_packages() -> list[str]:
    """Places of packages that bear our names but are not ours: they do not lie beside this file, marked as ours."""
    found = []
    for name in PACKAGES:
        spec = find_spec(name)
        place = Path(spec.origin).parent if spec is not None and spec.origin else None
        if place is None:
            found.append(f"{name}: not found, or not a package")
        elif not (place / "py.typed").is_file() or "hipspine" not in (place / "py.typed").read_text(encoding="utf-8"):
            found.append(f"{name}: {place}")
    return found


def main() -> None:
    """Run the command line, unless a foreign package stands in the way (exit status 2)."""
    foreign = foreign_packages()
    if foreign:
        sys.stderr.write(
            "hipspine: another distribution has installed packages under our names:\n  "
            + "\n  ".join(foreign)
            + "\nInstall hipspine into an environment of its own (python3 -m venv).\n"
        )
        raise SystemExit(2)
    from experiments.command import run_experiment
    from simulate.cli import cli
    from simulate.cli import main as command

    cli.add_command(run_experiment)
    command()


if __name__ == "__main__":
    main()
