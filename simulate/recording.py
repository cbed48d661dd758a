"""Whose movement it is: a recording, perhaps with its model and a standing trial, or a generic body of some size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinematics.chain import Chain
from kinematics.errors import HipspineError

if TYPE_CHECKING:
    from kinematics.zero import Standing
    from simulate.motion import Motion

#: Suffixes of recordings made of markers.
MARKER_FILES = (".c3d", ".trc")


@dataclass(frozen=True)
class Recording:
    """The recording and the body that a movement is asked with, as given: perhaps neither.

    Without a recording a movement is made of a bundled one or constructed. With any of `stature`, `mass` and `sex` it
    runs on the generic body of these, the rest as `Chain.generic` has it, in place of a recording's own model.

    Parameters
    ----------
    motion : Path, optional
        Joint angles (``.mot``, ``.sto``) or markers (``.c3d``, ``.trc``).
    model : Path, optional
        Scaled OpenSim model of who was recorded, ``.osim``.
    angles : {"degrees", "radians"}, optional
        What the files count in, whatever they say.
    resample : float, optional
        Rate at which to resample the recording. [Hz]
    standing : Path, optional
        Standing trial of the same person.
    standing_tilt : float, optional
        Measured anterior tilt of the ASIS-PSIS line in standing, for the clinical zero. [deg]
    marker_set : str, optional
        Names of the markers: a known set, or a TOML file.
    stature : float, optional
        Body height. [m]
    mass : float, optional
        Body mass. [kg]
    sex : {"male", "female"}, optional

    Raises
    ------
    HipspineError
        If what should be a number is none.
    """

    motion: Path | None = None
    model: Path | None = None
    angles: str | None = None
    resample: float | None = None
    standing: Path | None = None
    standing_tilt: float | None = None
    marker_set: str | None = None
    stature: float | None = None
    mass: float | None = None
    sex: str | None = None

    def __post_init__(self) -> None:
        for name in ("motion", "model", "standing"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, Path(getattr(self, name)))
        for name, unit in (("resample", "Hz"), ("standing_tilt", "deg"), ("stature", "m"), ("mass", "kg")):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, number(name, getattr(self, name), unit))

    def refuse(self, why: str) -> None:
        """Raise `HipspineError` if there is a recording."""
        if self.motion is not None:
            raise HipspineError(f"{self.motion}: {why}")

    def body(self) -> Chain | None:
        """The generic body that was asked for, or none.

        Raises
        ------
        HipspineError
            If there is a model too, or the tables cannot carry such a person.
        """
        given = self._body()
        if given and self.model is not None:
            raise HipspineError(f"--model {self.model} is a body of its own: leave out that, or {_options(given)}")
        return Chain.generic(**given) if given else None

    def _body(self) -> dict[str, Any]:
        """What was given of a generic body."""
        return {name: value for name in ("stature", "mass", "sex") if (value := getattr(self, name)) is not None}

    def read(self, bundled: str | None = None) -> tuple[Chain, Motion, Standing | None]:
        """Chain, motion and standing posture of the recording, or of the `bundled` one if none was given.

        Raises
        ------
        HipspineError
            If files are missing, cannot be read, or do not go together.
        """
        from simulate.io.mot import read_motion
        from simulate.io.trials import trial
        from simulate.motion import resample

        body = self.body()
        motion, model, standing, source = self.motion, self.model, self.standing, ""
        posture: Standing | None
        if motion is None:
            if model is not None:
                raise HipspineError(f"--model {model} belongs to a recording: give MOTION.mot as well")
            assert bundled is not None
            own = trial(bundled)
            motion, model, standing, source = own.motion, own.model, standing or own.standing, bundled
        if not motion.exists():
            raise HipspineError(f"{motion}: no such file")
        if motion.suffix.lower() in MARKER_FILES:
            from simulate.tracking import recording_from_markers

            if model is not None:
                raise HipspineError(f"--model {model}: markers are fitted to a body of their own; leave --model out")
            if body is not None:
                raise HipspineError(
                    f"{source or motion}: markers are fitted to a body of their own; leave {_options(self._body())} "
                    "out, or give joint angles"
                )
            chain, recorded, posture = recording_from_markers(motion, standing, self.marker_set)
        else:
            if self.marker_set is not None:
                raise HipspineError(f"--marker-set {self.marker_set}: {motion} has no markers, but joint angles")
            chain = body or (Chain.generic() if model is None else Chain.from_osim(model))
            recorded = read_motion(motion, angles=self.angles)
            posture = None if standing is None else _posture(standing, chain, self.angles)
        if source:
            recorded = replace(recorded, source=source)
        if body is not None:
            notice = f"the joint angles of {recorded.source} move another body than was recorded: {body.name}"
            recorded = replace(recorded, notices=(*recorded.notices, notice))
        if self.resample is not None:
            recorded = resample(recorded, rate=self.resample)
        return chain, recorded, posture

    def chain(self) -> tuple[Chain | None, Standing | None]:
        """The body that a constructed movement runs on: a model with its standing trial, a generic one, or none given.

        Raises
        ------
        HipspineError
            If a standing posture comes without the model it belongs to, or files cannot be read.
        """
        body = self.body()
        if self.model is None:
            if self.standing is not None:
                raise HipspineError(f"--standing {self.standing} belongs to a model or a recording: give that as well")
            if self.standing_tilt is not None:
                raise HipspineError(
                    f"--standing-tilt {self.standing_tilt:g} belongs to a person: the generic body stands as published"
                )
            return body, None
        chain = Chain.from_osim(self.model)
        return chain, None if self.standing is None else _posture(self.standing, chain, self.angles)


def number(name: str, given: object, unit: str) -> float:
    """What was given as a float; `HipspineError` if it is no number."""
    if isinstance(given, bool) or not isinstance(given, Real):
        raise HipspineError(f"{name} must be a number of {unit}, is {given!r}")
    return float(given)


def _options(given: dict[str, Any]) -> str:
    """Options as they are given: ``--stature 1.9 and --sex female``."""
    return " and ".join(f"--{name} {value}" for name, value in given.items())


def _posture(standing: Path, chain: Chain, angles: str | None) -> Standing:
    from kinematics.zero import standing_from_posture
    from simulate.io.mot import read_motion
    from simulate.motion import to_chain

    q, _ = to_chain(read_motion(standing, angles=angles), chain)
    return standing_from_posture(q, f"standing trial {standing.name}")


__all__ = ["MARKER_FILES", "Recording", "number"]
