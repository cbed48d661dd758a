"""Numbers in lanes: a `Wide` holds several floats on which the machine works at once, each in its own lane.

A kernel written with `load`, `store` and the functions below reads like one about single floats; each operation
becomes one vector instruction (or a few, where the machine's vectors are shorter). Without numba a `Wide` is a small
numpy array.
Products and sums may be fused, always in the same places: the same input gives the same bits.

Lanes come in groups of GROUP. Scratch is an array of records made by `lanes`, whose type says how many lanes a record
has; data for one group is a float array (n, GROUP), and `gather` puts one row of it for each group side by side.
"""

import operator
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typeconv.castgraph import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, lower_cast, models, register_model
from numpy.typing import NDArray

GROUP = 4
#: Bytes that the processor fetches at once.
CACHE_LINE = 64

Array = NDArray[np.float64]


class Traced:
    """A number, wide number, array or tuple of the code that `unrolled` is writing."""

    __slots__ = ("builder", "context", "kind", "value")

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        self.context, self.builder, self.kind, self.value = context, builder, kind, value

    def _with(self, function: Any, *args: Any) -> Any:
        return _traced(function, self.context, self.builder, *args)

    def __add__(self, other: Any) -> Any:
        return self if isinstance(other, float) and other == 0.0 else self._with(operator.add, self, other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._with(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return -self if isinstance(other, float) and other == 0.0 else self._with(operator.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return self._with(operator.mul, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        return self._with(operator.truediv, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(operator.truediv, other, self)

    def __neg__(self) -> Any:
        return self._with(operator.neg, self)


def _traced(function: Any, context: Any, builder: Any, *args: Any) -> Any:
    """Write one operation: as the compiler would for arguments of these types."""
    kinds = [a.kind if isinstance(a, Traced) else types.intp if isinstance(a, int) else types.float64 for a in args]
    sig = _KINDS[function](*kinds)
    values = [
        context.cast(builder, a.value, a.kind, to)
        if isinstance(a, Traced)
        else context.get_constant_generic(builder, types.intp, a)
        if to == types.intp
        else _constant(to, a)
        for a, to in zip(args, sig.args, strict=True)
    ]
    value = _CODES[function](context, builder, sig, values)
    return Traced(context, builder, sig.return_type, value)


def _dispatched(function: Any) -> Any:
    """Write the operation instead of doing it where an argument is traced."""

    @wraps(function)
    def dispatch(*args: Any) -> Any:
        for a in args:
            if isinstance(a, Traced):
                return _traced(dispatch, a.context, a.builder, *args)
        return function(*args)

    return dispatch


def lanes(slots: int, width: int) -> Any:
    """Scratch for `slots` numbers of `width` lanes, all 0; none of up to 8 lanes lies across two lines of the cache."""
    kind = np.dtype([("lane", np.float64, (width,))])
    room = np.zeros(slots * kind.itemsize + CACHE_LINE, np.uint8)
    first = -room.ctypes.data % CACHE_LINE
    return room[first : first + slots * kind.itemsize].view(kind)


@_dispatched
def load(scratch: Any, slot: int) -> Any:
    """The number in one slot of the scratch."""
    return scratch["lane"][slot].copy()


@_dispatched
def store(scratch: Any, slot: int, x: Any) -> None:
    """Write a number into one slot of the scratch."""
    scratch["lane"][slot] = x


@_dispatched
def rows(cases: tuple[int, ...], stride: int, more: int) -> tuple[int, ...]:
    """Where each case's part of an array begins: `cases[g] * stride + more`."""
    return tuple(case * stride + more for case in cases)


@_dispatched
def gather(array: Array, starts: tuple[int, ...], more: int) -> Any:
    """Row `starts[g] + more` of the array in the lanes of each group g."""
    return np.concatenate([array[row + more] for row in starts])


@_dispatched
def scatter(array: Array, starts: tuple[int, ...], more: int, x: Any) -> None:
    """Write the lanes of each group g of `x` into row `starts[g] + more` of the array."""
    for g, row in enumerate(starts):
        array[row + more] = x[GROUP * g : GROUP * (g + 1)]


@_dispatched
def root(x: Any) -> Any:
    """Square root."""
    return np.sqrt(x)


@_dispatched
def floor(x: Any) -> Any:
    """Largest whole number not above x."""
    return np.floor(x)


@_dispatched
def size(x: Any) -> Any:
    """Absolute value."""
    return np.abs(x)


@_dispatched
def least(x: Any, y: Any) -> Any:
    """The smaller, lane by lane; the number, where one is none."""
    return np.fmin(x, y)


@_dispatched
def most(x: Any, y: Any) -> Any:
    """The larger, lane by lane; the number, where one is none."""
    return np.fmax(x, y)


@_dispatched
def where(condition: Any, x: Any, y: Any) -> Any:
    """`x` in the lanes in which `condition` is above 0, `y` in the others (and where it is no number)."""
    return np.where(np.asarray(condition) > 0.0, x, y)


@_dispatched
def group_sum(x: Any) -> Any:
    """Sum over the lanes of each group, in all of its lanes."""
    x = x.reshape(-1, GROUP)
    pairs = x + x[:, [1, 0, 3, 2]]
    return (pairs + pairs[:, [2, 3, 0, 1]]).ravel()


@_dispatched
def group_most(x: Any) -> Any:
    """Largest of the lanes of each group that are numbers, in all of its lanes."""
    return np.repeat(np.fmax.reduce(x.reshape(-1, GROUP), axis=1), GROUP)


@_dispatched
def most_of(x: Any) -> float:
    """Largest of all lanes that are numbers."""
    return float(np.fmax.reduce(x))


# What follows teaches the compiler these functions and the operators + - * / on wide numbers.


class Wide(types.Type):
    """The compiler's name for a number of `width` lanes."""

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(f"Wide({width})")

    def can_convert_from(self, typingctx: Any, other: Any) -> Any:
        """A plain number is the same in every lane."""
        return Conversion.safe if isinstance(other, types.Number) else None


@register_model(Wide)
class _WideModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Wide) -> None:
        super().__init__(dmm, fe_type, ir.VectorType(ir.DoubleType(), fe_type.width))  # type: ignore[no-untyped-call]


def _order(lanes: list[int]) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), lanes)


def _shuffled(builder: Any, x: Any, lanes: list[int]) -> Any:
    return builder.shuffle_vector(x, ir.Constant(x.type, ir.Undefined), _order(lanes))


@lower_cast(types.Number, Wide)
def _number_to_wide(context: Any, builder: Any, fromty: Any, toty: Wide, val: Any) -> Any:
    vector = ir.VectorType(ir.DoubleType(), toty.width)
    x = context.cast(builder, val, fromty, types.float64)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), x, ir.Constant(ir.IntType(32), 0))
    return _shuffled(builder, first, [0] * toty.width)


def _compiles(function: Callable[..., Any], kind: Callable[..., Any]) -> Callable[[Any], Any]:
    """Teach the compiler a function: `kind` gives its signature for argument types, or None."""
    name = f"{function.__module__}.{function.__qualname__}"

    @infer_global(function, typing_key=name)
    class _Template(AbstractTemplate):
        def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
            return kind(*args)

    def register(code: Any) -> Any:
        _KINDS[function], _CODES[function] = kind, code
        return lower_builtin(name, types.VarArg(types.Any))(code)

    return register


_KINDS: dict[Any, Any] = {}
_CODES: dict[Any, Any] = {}


def _constant(kind: Any, x: float) -> Any:
    """A plain number in every lane."""
    return ir.Constant(ir.VectorType(ir.DoubleType(), kind.width), [float(x)] * kind.width)


def unrolled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function by running it once as Python and writing down every operation on its arguments.

    Loops of a fixed number of rounds and lists of numbers leave nothing behind but the operations in their order. The
    function takes scratch, arrays, tuples of starts, slots and wide numbers, whose values it may not ask for, and gives
    nothing back.
    """
    return _unrolled(function, lambda scratch: types.none)


def unrolled_value(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a function that gives a wide number back; its first argument is the scratch."""
    return _unrolled(function, lambda scratch: Wide(_width(scratch)))


def _unrolled(function: Callable[..., Any], gives: Callable[[Any], Any]) -> Callable[..., Any]:
    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        result = function(*(Traced(context, builder, kind, a) for kind, a in zip(sig.args, args, strict=True)))
        return context.get_dummy_value() if result is None else result.value

    @wraps(function)
    def whole(*args: Any) -> Any:
        return function(*args)

    _compiles(whole, lambda *args: signature(gives(args[0]), *args))(code)
    return whole


def _all_wide(*args: Any) -> Any:
    """Of wide and plain numbers, at least one wide: all are taken as wide, and so is the result."""
    wide = {a for a in args if isinstance(a, Wide)}
    if len(wide) == 1 and all(isinstance(a, Wide | types.Number) for a in args):
        one = wide.pop()
        return signature(one, *[one] * len(args))
    return None


def _operation(function: Callable[..., Any], arity: int, build: Callable[..., Any]) -> None:
    @infer_global(function)
    class _Template(AbstractTemplate):
        def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
            return _all_wide(*args) if len(args) == arity else None

    @lower_builtin(function, *[Wide] * arity)
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return build(builder, *args)

    def kind(*args: Any) -> Any:
        if all(a == types.intp for a in args):
            return signature(types.intp, *args)
        return _all_wide(*args)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        if sig.return_type == types.intp:
            return {operator.add: builder.add, operator.sub: builder.sub, operator.mul: builder.mul}[function](*args)
        return build(builder, *args)

    _KINDS[function], _CODES[function] = kind, code


def _call(builder: Any, name: str, *args: Any) -> Any:
    """One of LLVM's own functions on vectors or floats."""
    kind = args[0].type
    suffix = f"v{kind.count}f64" if isinstance(kind, ir.VectorType) else "f64"
    function_type = ir.FunctionType(kind, [a.type for a in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{name}.{suffix}"), args)


FUSED = ("contract",)
_operation(operator.add, 2, lambda builder, x, y: builder.fadd(x, y, flags=FUSED))
_operation(operator.sub, 2, lambda builder, x, y: builder.fsub(x, y, flags=FUSED))
_operation(operator.mul, 2, lambda builder, x, y: builder.fmul(x, y, flags=FUSED))
_operation(operator.truediv, 2, lambda builder, x, y: builder.fdiv(x, y))
_operation(operator.neg, 1, lambda builder, x: builder.fneg(x))
_operation(root, 1, lambda builder, x: _call(builder, "sqrt", x))
_operation(floor, 1, lambda builder, x: _call(builder, "floor", x))
_operation(size, 1, lambda builder, x: _call(builder, "fabs", x))
_operation(least, 2, lambda builder, x, y: _call(builder, "minnum", x, y))
_operation(most, 2, lambda builder, x, y: _call(builder, "maxnum", x, y))
_operation(
    where, 3, lambda builder, c, x, y: builder.select(builder.fcmp_ordered(">", c, ir.Constant(c.type, None)), x, y)
)


def _groups(builder: Any, x: Any, join: Callable[[Any, Any], Any]) -> Any:
    """Join the lanes of each group, in all of its lanes."""
    for shift in (1, 2):
        x = join(x, _shuffled(builder, x, [lane ^ shift for lane in range(x.type.count)]))
    return x


_operation(group_sum, 1, lambda builder, x: _groups(builder, x, builder.fadd))
_operation(group_most, 1, lambda builder, x: _groups(builder, x, lambda a, b: _call(builder, "maxnum", a, b)))


@_compiles(most_of, lambda x: signature(types.float64, x) if isinstance(x, Wide) else None)
def _most_of(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    x = args[0]
    while x.type.count > 1:
        n = x.type.count // 2
        low, high = _shuffled(builder, x, list(range(n))), _shuffled(builder, x, list(range(n, 2 * n)))
        x = _call(builder, "maxnum", low, high)
    return builder.extract_element(x, ir.Constant(ir.IntType(32), 0))


def _address(context: Any, builder: Any, kind: Any, array: Any, row: Any, width: int) -> Any:
    """Where row `row`, of `width` floats, of a contiguous array begins, as a pointer to a vector."""
    vector = ir.VectorType(ir.DoubleType(), width)
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(builder.bitcast(data, vector.as_pointer()), [row])


def _width(array: Any) -> int:
    return int(array.dtype.size) // 8


@_compiles(load, lambda a, k: signature(Wide(_width(a)), a, types.intp) if isinstance(a, types.Array) else None)
def _load(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place = _address(context, builder, sig.args[0], args[0], args[1], _width(sig.args[0]))
    return builder.load(place, align=8)


@_compiles(store, lambda a, k, x: signature(types.none, a, types.intp, Wide(_width(a))))
def _store(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    place = _address(context, builder, sig.args[0], args[0], args[1], _width(sig.args[0]))
    builder.store(args[2], place, align=8)
    return context.get_dummy_value()


@_compiles(gather, lambda a, starts, more: signature(Wide(GROUP * len(starts)), a, starts, types.intp))
def _gather(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    parts = []
    for g in range(len(sig.args[1])):
        row = builder.add(builder.extract_value(args[1], g), args[2])
        parts.append(builder.load(_address(context, builder, sig.args[0], args[0], row, GROUP), align=8))
    while len(parts) > 1:
        parts = [
            builder.shuffle_vector(x, y, _order(list(range(2 * x.type.count))))
            for x, y in zip(parts[::2], parts[1::2], strict=True)
        ]
    return parts[0]


@_compiles(scatter, lambda a, starts, more, x: signature(types.none, a, starts, types.intp, x))
def _scatter(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    for g in range(len(sig.args[1])):
        row = builder.add(builder.extract_value(args[1], g), args[2])
        part = _shuffled(builder, args[3], list(range(GROUP * g, GROUP * g + GROUP)))
        builder.store(part, _address(context, builder, sig.args[0], args[0], row, GROUP), align=8)
    return context.get_dummy_value()


@_compiles(rows, lambda cases, stride, more: signature(cases, cases, types.intp, types.intp))
def _rows(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    cases, stride, more = args
    starts = [builder.add(builder.mul(builder.extract_value(cases, g), stride), more) for g in range(len(sig.args[0]))]
    return context.make_tuple(builder, sig.return_type, starts)
