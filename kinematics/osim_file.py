"""Reading an OpenSim model file: bodies, joints and their functions, in all three generations of the format.

Nothing here knows of our chain. Versions 20302 and 30000 nest the joint in the child body; 40000 and later keep a joint
set whose frames are offset from bodies. XML is read without entities and without anything from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import parse
from numpy.typing import NDArray

from kinematics.errors import HipspineError
from kinematics.rotations import rotation_about

Array = NDArray[np.float64]
Function = Callable[[float], float]


@dataclass(frozen=True, eq=False)
class TransformAxis:
    """One of a joint's six axes: turns about or slides along `axis` by `function` of `coordinate` ('' for none)."""

    coordinate: str
    axis: Array
    function: Function


@dataclass(frozen=True, eq=False)
class Joint:
    """A joint: frames in parent and child body, three rotations, three translations."""

    name: str
    parent: str
    child: str
    R_parent: Array
    p_parent: Array
    R_child: Array
    p_child: Array
    coordinates: tuple[str, ...]
    rotations: tuple[TransformAxis, ...] = ()
    translations: tuple[TransformAxis, ...] = ()

    def pose(self, values: dict[str, float]) -> tuple[Array, Array]:
        """R_parent_child, and the place of the child's joint frame in the parent body, at the coordinates `values`."""
        R = np.eye(3)
        for turn in self.rotations:
            R = R @ rotation_about(turn.axis, turn.function(values.get(turn.coordinate, 0.0)))
        slide = sum(
            (move.axis * move.function(values.get(move.coordinate, 0.0)) for move in self.translations), np.zeros(3)
        )
        return self.R_parent @ R @ self.R_child.T, self.p_parent + self.R_parent @ slide


@dataclass(frozen=True, eq=False)
class Body:
    """A body's mass [kg], its mass centre [m] and its inertia about that [kg m^2], both in its own frame."""

    mass: float
    mass_centre: Array
    inertia: Array = field(default_factory=lambda: np.zeros((3, 3)))


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What an ``.osim`` file says of the skeleton.

    `joints` by child body; `markers` by name: (body, place [m]); `coupled`: coordinate -> (what it follows, factor).
    """

    path: Path
    name: str
    version: int
    bodies: dict[str, Body]
    joints: dict[str, Joint]
    markers: dict[str, tuple[str, Array]] = field(default_factory=dict)
    coupled: dict[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Every coordinate of the model."""
        return tuple(name for joint in self.joints.values() for name in joint.coordinates)


def read_model_file(path: str | Path) -> ModelFile:
    """Read the skeleton of an ``.osim`` file.

    Raises
    ------
    HipspineError
        If the file is missing, no XML, unsafe, no OpenSim model, or has something that cannot be understood.
    """
    path = Path(path)
    model, version = _model_element(path)
    bodies, joints = {}, {}
    for element in _objects(model, "BodySet"):
        name = element.get("name", "")
        if name != "ground":
            bodies[name] = Body(
                _number(path, element, "mass"), _vector(path, element, "mass_center"), _inertia(path, element)
            )
            nested = element.find("Joint")
            if nested is not None and len(nested):
                joints[name] = _nested_joint(path, nested[0], name)
    for element in _objects(model, "JointSet"):
        joint = _framed_joint(path, element)
        joints[joint.child] = joint
    if not joints:
        raise HipspineError(f"{path}: the model has no joints")
    return ModelFile(
        path, model.get("name", path.stem), version, bodies, joints, _markers(path, model), _coupled(path, model)
    )


def _model_element(path: Path) -> tuple[Element, int]:
    if not path.exists():
        raise HipspineError(f"{path}: no such file")
    if path.is_dir():
        raise HipspineError(f"{path}: is a folder, an .osim file is needed")
    if path.stat().st_size == 0:
        raise HipspineError(f"{path}: is empty")
    try:
        root = parse(path, forbid_dtd=True).getroot()
    except ParseError as error:
        raise HipspineError(f"{path}: is not XML: {error}") from None
    except DefusedXmlException as error:
        raise HipspineError(
            f"{path}: refused: it has a document type, which may define entities ({type(error).__name__})"
        ) from None
    except (OSError, UnicodeError, ValueError, LookupError) as error:
        raise HipspineError(f"{path}: cannot be read: {error}") from None
    model = root.find("Model") if root is not None else None
    if root is None or root.tag != "OpenSimDocument" or model is None:
        raise HipspineError(f"{path}: is no OpenSim model: no <Model> in an <OpenSimDocument>")
    text = root.get("Version", "")
    if not text.isascii() or not text.isdigit() or int(text) < 20302:
        raise HipspineError(f"{path}: file version {text!r} is not supported; 20302 and later are")
    return model, int(text)


def _objects(model: Element, name: str) -> list[Element]:
    objects = model.find(f"{name}/objects")
    return [] if objects is None else list(objects)


def _numbers(path: Path, element: Element, tag: str, count: int | None = None) -> Array:
    text = element.findtext(tag)
    where = f"{path}: {element.tag} {element.get('name', '')!r}, <{tag}>"
    if text is None:
        raise HipspineError(f"{where} is missing")
    try:
        values = np.array([float(word) for word in text.split()])
    except ValueError:
        raise HipspineError(f"{where}: {text.strip()!r} is not numbers") from None
    if not np.isfinite(values).all() or (count is not None and values.size != count):
        raise HipspineError(f"{where}: {text.strip()!r}; {count or 'some'} finite numbers are needed")
    return values


def _number(path: Path, element: Element, tag: str) -> float:
    return float(_numbers(path, element, tag, 1)[0])


def _vector(path: Path, element: Element, tag: str) -> Array:
    return _numbers(path, element, tag, 3)


def _inertia(path: Path, element: Element) -> Array:
    """Inertia (3, 3) of a body about its mass centre, one tag or six; 0 if the file does not say."""
    if element.find("inertia") is not None:
        xx, yy, zz, xy, xz, yz = _numbers(path, element, "inertia", 6)
    elif element.find("inertia_xx") is not None:
        parts = ("xx", "yy", "zz", "xy", "xz", "yz")
        xx, yy, zz, xy, xz, yz = (_number(path, element, f"inertia_{part}") for part in parts)
    else:
        return np.zeros((3, 3))
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])


def _orientation(angles: Array) -> Array:
    """Body-fixed X-Y-Z, as OpenSim orients frames."""
    x, y, z = np.eye(3)
    return rotation_about(x, angles[0]) @ rotation_about(y, angles[1]) @ rotation_about(z, angles[2])


def _nested_joint(path: Path, element: Element, child: str) -> Joint:
    return _joint(
        path,
        element,
        (element.findtext("parent_body") or "").strip(),
        child,
        _orientation(_vector(path, element, "orientation_in_parent")),
        _vector(path, element, "location_in_parent"),
        _orientation(_vector(path, element, "orientation")),
        _vector(path, element, "location"),
    )


def _framed_joint(path: Path, element: Element) -> Joint:
    frames = {frame.get("name", ""): frame for frame in element.iterfind("frames/*")}

    def place(socket: str) -> tuple[str, Array, Array]:
        name = (element.findtext(socket) or "").strip().rsplit("/", 1)[-1]
        frame = frames.get(name)
        if frame is None:  # the socket names a body itself
            return name, np.eye(3), np.zeros(3)
        body = (frame.findtext("socket_parent") or "").strip().rsplit("/", 1)[-1]
        return body, _orientation(_vector(path, frame, "orientation")), _vector(path, frame, "translation")

    parent, R_parent, p_parent = place("socket_parent_frame")
    child, R_child, p_child = place("socket_child_frame")
    return _joint(path, element, parent, child, R_parent, p_parent, R_child, p_child)


def _joint(
    path: Path,
    element: Element,
    parent: str,
    child: str,
    R_parent: Array,
    p_parent: Array,
    R_child: Array,
    p_child: Array,
) -> Joint:
    name = element.get("name", "")
    coordinates = tuple(c.get("name", "") for c in element.iter("Coordinate"))
    x, z = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    rotations: tuple[TransformAxis, ...] = ()
    translations: tuple[TransformAxis, ...] = ()
    if element.tag == "CustomJoint":
        axes = [_transform_axis(path, name, axis) for axis in element.iterfind("SpatialTransform/TransformAxis")]
        if len(axes) != 6:
            raise HipspineError(f"{path}: joint {name!r}: a CustomJoint has 6 transform axes, this one {len(axes)}")
        rotations, translations = tuple(axes[:3]), tuple(axes[3:])
    elif element.tag in ("PinJoint", "SliderJoint"):
        if len(coordinates) != 1:
            raise HipspineError(
                f"{path}: joint {name!r}: a {element.tag} has one coordinate, this one {len(coordinates)}"
            )
        only = TransformAxis(coordinates[0], z if element.tag == "PinJoint" else x, lambda value: value)
        rotations, translations = ((only,), ()) if element.tag == "PinJoint" else ((), (only,))
    # any other joint (a weld, one beyond the chain) stays as it is at zero; the caller checks those of the chain
    return Joint(name, parent, child, R_parent, p_parent, R_child, p_child, coordinates, rotations, translations)


def _transform_axis(path: Path, joint: str, element: Element) -> TransformAxis:
    coordinates = (element.findtext("coordinates") or "").split()
    if len(coordinates) > 1:
        raise HipspineError(f"{path}: joint {joint!r}: an axis that depends on {coordinates} is not supported")
    axis = _vector(path, element, "axis")
    length = float(np.linalg.norm(axis))
    if length == 0.0:
        raise HipspineError(f"{path}: joint {joint!r}: an axis has length 0")
    wrapper = element.find("function")
    parts = wrapper if wrapper is not None else [part for part in element if part.get("name") == "function"]
    if not len(parts):
        raise HipspineError(
            f"{path}: joint {joint!r}: a transform axis has no function; known: {', '.join(_FUNCTIONS)}"
        )
    function = parts[0]
    return TransformAxis(coordinates[0] if coordinates else "", axis / length, _function(path, joint, function))


def _function(path: Path, joint: str, element: Element) -> Function:
    if element.tag not in _FUNCTIONS:
        raise HipspineError(
            f"{path}: joint {joint!r}: function {element.tag} is not supported; known: {', '.join(_FUNCTIONS)}"
        )
    return _FUNCTIONS[element.tag](path, joint, element)


def _constant(path: Path, joint: str, element: Element) -> Function:
    value = _number(path, element, "value")
    return lambda _: value


def _linear(path: Path, joint: str, element: Element) -> Function:
    slope, start = _numbers(path, element, "coefficients", 2)
    return lambda x: float(slope * x + start)


def _polynomial(path: Path, joint: str, element: Element) -> Function:
    coefficients = _numbers(path, element, "coefficients")  # highest order first
    return lambda x: float(np.polyval(coefficients, x))


def _multiplier(path: Path, joint: str, element: Element) -> Function:
    scale = 1.0
    while element.tag == "MultiplierFunction":  # of a multiplier of a multiplier ...
        inner = element.find("function")
        if inner is None or not len(inner):
            raise HipspineError(f"{path}: joint {joint!r}: a MultiplierFunction has no function")
        scale, element = scale * _number(path, element, "scale"), inner[0]
    function = _function(path, joint, element)
    return lambda x: scale * function(x)


def _knots(path: Path, joint: str, element: Element) -> tuple[Array, Array]:
    x, y = _numbers(path, element, "x"), _numbers(path, element, "y")
    if x.size != y.size or x.size < 2 or (np.diff(x) <= 0.0).any():
        raise HipspineError(f"{path}: joint {joint!r}: a {element.tag} needs as many y as x, and x that increases")
    return x, y


def _piecewise(path: Path, joint: str, element: Element) -> Function:
    x, y = _knots(path, joint, element)
    first, last = (y[1] - y[0]) / (x[1] - x[0]), (y[-1] - y[-2]) / (x[-1] - x[-2])

    def function(at: float) -> float:
        if at < x[0]:
            return float(y[0] + first * (at - x[0]))
        if at > x[-1]:
            return float(y[-1] + last * (at - x[-1]))
        return float(np.interp(at, x, y))

    return function


def _spline(path: Path, joint: str, element: Element) -> Function:
    return simm_spline(*_knots(path, joint, element))


def simm_spline(x: Array, y: Array) -> Function:
    """SIMM's cubic spline: at each end its third derivative is that of the cubic through the four last knots.

    Beyond the ends it goes on straight. With three knots the ends have the second derivative of their neighbour.
    (Forsythe, Malcolm & Moler 1977, Computer Methods for Mathematical Computations, ch. 4.)
    """
    h, slope = np.diff(x), np.diff(y) / np.diff(x)
    n = x.size
    if n == 2:
        return lambda at: float(y[0] + slope[0] * (at - x[0]))
    A, b = np.zeros((n, n)), np.zeros(n)  # unknown: sixth of the second derivative at each knot
    for i in range(1, n - 1):
        A[i, i - 1], A[i, i], A[i, i + 1] = h[i - 1], 2.0 * (h[i - 1] + h[i]), h[i]
        b[i] = slope[i] - slope[i - 1]
    A[0, 0], A[0, 1] = -h[0], h[0]
    A[-1, -1], A[-1, -2] = -h[-1], h[-1]
    if n > 3:
        second = [(slope[i + 1] - slope[i]) / (x[i + 2] - x[i]) for i in range(n - 2)]
        b[0] = h[0] ** 2 * (second[1] - second[0]) / (x[3] - x[0])
        b[-1] = -(h[-1] ** 2) * (second[-1] - second[-2]) / (x[-1] - x[-4])
    s = np.linalg.solve(A, b)
    start = slope - h * (s[1:] + 2.0 * s[:-1])
    end_slope = slope[-1] + h[-1] * (s[-2] + 2.0 * s[-1])

    def function(at: float) -> float:
        if at > x[-1]:
            return float(y[-1] + end_slope * (at - x[-1]))
        i = min(max(int(np.searchsorted(x, at, side="right")) - 1, 0), n - 2)
        t = at - x[i]
        if t < 0.0:
            return float(y[0] + start[0] * t)
        return float(y[i] + t * (start[i] + t * (3.0 * s[i] + t * (s[i + 1] - s[i]) / h[i])))

    return function


_FUNCTIONS: dict[str, Callable[[Path, str, Element], Function]] = {
    "Constant": _constant,
    "LinearFunction": _linear,
    "MultiplierFunction": _multiplier,
    "NaturalCubicSpline": _spline,
    "PiecewiseLinearFunction": _piecewise,
    "PolynomialFunction": _polynomial,
    "SimmSpline": _spline,
    "natCubicSpline": _spline,
}


def _markers(path: Path, model: Element) -> dict[str, tuple[str, Array]]:
    found = {}
    for marker in _objects(model, "MarkerSet"):
        body = marker.findtext("body") or marker.findtext("socket_parent_frame") or ""
        if marker.findtext("location") is not None:
            found[marker.get("name", "")] = (body.strip().rsplit("/", 1)[-1], _vector(path, marker, "location"))
    return found


def _coupled(path: Path, model: Element) -> dict[str, tuple[str, float]]:
    """Coordinates tied to another by a straight line through 0."""
    found = {}
    for constraint in model.iter("CoordinateCouplerConstraint"):
        linear = constraint.find(".//LinearFunction")
        leaders = (constraint.findtext("independent_coordinate_names") or "").split()
        follower = (constraint.findtext("dependent_coordinate_name") or "").strip()
        if linear is not None and len(leaders) == 1:
            slope, start = _numbers(path, linear, "coefficients", 2)
            if start == 0.0:
                found[follower] = (leaders[0], float(slope))
    return found
