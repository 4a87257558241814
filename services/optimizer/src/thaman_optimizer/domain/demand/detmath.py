"""exp, log and their kin with the same bits on every CPU.

numpy's own exp, log, pow, expm1 and log1p differ in the last bit between CPU features (numpy issue 26117), and a
decision that is recorded must be recomputed exactly. Everything here is made of ``+ - * /``, comparisons, table
look-ups and bit operations on IEEE doubles, which every machine rounds alike. Error at most 1e-15 relative (tests).

All functions take and return ``float64`` arrays of any shape; NaN stays NaN.
"""

import math
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from struct import Struct
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
"""An array of doubles."""

_DIGITS = 50
_STEPS = 64
_SHIFT = 6
_ROUNDER = 6755399441055744.0 + 1023 * _STEPS
"""Adding 1.5 x 2^52 rounds a double to a whole number in its low bits, here plus the bias of an exponent."""
_FEW = 16
"""Arrays of no more numbers are done number by number: numpy needs as long for one number as for hundreds."""
_AS_DOUBLE, _AS_BITS = Struct("<d"), Struct("<q")
_LOWEST, _HIGHEST = -708.0, 709.0
_SQRT_HALF_BITS: Final = np.int64(np.float64(0.7071067811865476).view(np.int64))


def _constants() -> tuple[float, float, float, Floats]:
    """ln 2 over 64 split into a short and a small part, its inverse, and 2^(j/64), from decimal arithmetic."""
    with localcontext() as context:
        context.prec = _DIGITS
        ln2 = Decimal(2).ln()
        step = ln2 / _STEPS
        # 32 bits are cut off, so that a whole number times the short part is exact.
        short = float(np.int64(np.float64(step).view(np.int64) & np.int64(~((1 << 32) - 1))).view(np.float64))
        table = np.array([float((step * j).exp()) for j in range(_STEPS)])
        return short, float(step - Decimal(short)), float(1 / step), table


_STEP_SHORT, _STEP_REST, _PER_STEP, _TABLE = _constants()
_LN2_SHORT, _LN2_REST = _STEP_SHORT * _STEPS, _STEP_REST * _STEPS
_POWERS = tuple(_TABLE.tolist())
_EXP_TERMS = (1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0)
_EXPM1_TERMS = tuple(1.0 / float(np.prod(np.arange(1.0, k + 1.0))) for k in range(15, 0, -1))
_CDF_TERMS = (1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.319381530)
_ATANH_TERMS = tuple(2.0 / (2 * k + 1) for k in range(12, -1, -1))
# As arrays, which numpy need not make of numbers at every call.
_EXP, _EXPM1, _CDF, _ATANH = (
    tuple(np.array(term) for term in terms) for terms in (_EXP_TERMS, _EXPM1_TERMS, _CDF_TERMS, _ATANH_TERMS)
)


def exp(x: npt.ArrayLike) -> Floats:
    """e^x. Saturates outside [-708, 709], so it never overflows and never reaches zero."""
    value = np.asarray(x, dtype=np.float64)
    if value.size <= _FEW:
        return _each(exp_one, value)
    value = value.clip(_LOWEST, _HIGHEST)
    shifted = value * _PER_STEP
    shifted += _ROUNDER
    steps = shifted - _ROUNDER
    product = steps * _STEP_SHORT
    value -= product
    steps *= _STEP_REST
    value -= steps
    # |rest| <= ln 2 / 128, so the sixth term of the series is below 4e-17.
    result = _series(value, _EXP, product)
    result *= value
    bits = shifted.view(np.int64)
    power = _TABLE.take(np.bitwise_and(bits, _STEPS - 1, out=steps.view(np.int64)), out=value, mode="clip")
    result *= power
    result += power
    # The low bits are steps and bias: what is left of them are a power of two's bits, and a product with it is exact.
    bits >>= _SHIFT
    bits <<= 52
    result *= shifted
    return result


def log(x: npt.ArrayLike) -> Floats:
    """Natural logarithm of normal positive numbers; zero and below give -inf and NaN as numpy's does."""
    value = np.asarray(x, dtype=np.float64)
    if value.size <= _FEW:
        return _each(log_one, value)
    value = np.ascontiguousarray(value)
    bits = value.view(np.int64)
    exponent = bits - _SQRT_HALF_BITS
    exponent >>= 52
    # The fraction lies between the roots of one half and of two.
    fraction = (bits - (exponent << 52)).view(np.float64)
    whole = exponent.astype(np.float64)
    above = fraction + 1.0
    fraction -= 1.0
    fraction /= above
    result = _atanh_series(fraction, above)
    # The short part of ln 2 is exact in products with whole numbers, so only the small rest is rounded.
    result += np.multiply(whole, _LN2_REST, out=above)
    whole *= _LN2_SHORT
    result += whole
    if ((value > 0.0) & (value < np.inf)).all():
        return result
    result[value == np.inf] = np.inf
    result[value == 0.0] = -np.inf
    result[(value < 0.0) | np.isnan(value)] = np.nan
    return result


def _each(one: Callable[[float], float], value: Floats) -> Floats:
    """The function of one number for every number of a small array."""
    return np.array([one(number) for number in value.ravel().tolist()], dtype=np.float64).reshape(value.shape)


def exp_one(x: float) -> float:
    """:func:`exp` of one number: the same operations on Python's doubles, which are the same doubles."""
    if math.isnan(x):
        return x
    x = min(max(x, _LOWEST), _HIGHEST)
    steps = x * _PER_STEP + _ROUNDER - _ROUNDER
    rest = x - steps * _STEP_SHORT - steps * _STEP_REST
    result = rest * _EXP_TERMS[0]
    for term in _EXP_TERMS[1:]:
        result = (result + term) * rest
    power = _POWERS[int(steps) & (_STEPS - 1)]
    return math.ldexp(result * power + power, int(steps) >> _SHIFT)


def log_one(x: float) -> float:
    """:func:`log` of one number, by the same operations on Python's doubles."""
    if not 0.0 < x < math.inf:
        return x if x == math.inf else -math.inf if x == 0.0 else math.nan
    bits: int = _AS_BITS.unpack(_AS_DOUBLE.pack(x))[0]
    exponent = (bits - int(_SQRT_HALF_BITS)) >> 52
    fraction: float = _AS_DOUBLE.unpack(_AS_BITS.pack(bits - (exponent << 52)))[0]
    ratio = (fraction - 1.0) / (fraction + 1.0)
    square = ratio * ratio
    result = square * _ATANH_TERMS[0] + _ATANH_TERMS[1]
    for term in _ATANH_TERMS[2:]:
        result = result * square + term
    return result * ratio + exponent * _LN2_REST + exponent * _LN2_SHORT


def log1p(x: npt.ArrayLike) -> Floats:
    """log(1 + x) without losing small x."""
    value = np.asarray(x, dtype=np.float64)
    near = np.abs(value) < 0.4
    small = np.where(near, value, 0.0)
    total = 1.0 + np.where(near, 0.0, value)
    far = log(total)
    return np.where(near, _atanh_series(small / (2.0 + small)), far)


def expm1(x: npt.ArrayLike) -> Floats:
    """e^x - 1 without losing small x."""
    value = np.asarray(x, dtype=np.float64)
    near = np.abs(value) < 0.5
    every = bool(near.all())
    small = value if every else np.where(near, value, 0.0)
    result = _series(small, _EXPM1)
    result *= small
    if not every:
        far = ~near
        result[far] = exp(value[far]) - 1.0
    return result


def normal_cdf(z: npt.ArrayLike) -> Floats:
    """Standard normal distribution function, absolute error below 1e-7 (Abramowitz and Stegun 26.2.17)."""
    return normal(z)[0]


def normal(z: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Standard normal distribution function, as :func:`normal_cdf`, and density."""
    value = np.asarray(z, dtype=np.float64)
    size = np.abs(value)
    t = 1.0 / (1.0 + 0.2316419 * size)
    series = _series(t, _CDF)
    series *= t
    density = exp(size * size * -0.5) * 0.3989422804014327
    tail = series * density
    return np.where(value < 0.0, tail, 1.0 - tail), density


def _atanh_series(s: Floats, spare: Floats | None = None) -> Floats:
    """2 atanh(s) for |s| < 0.26: the odd series, summed in s²."""
    result = _series(np.multiply(s, s, out=spare), _ATANH)
    result *= s
    return result


def _series(x: Floats, terms: Sequence[Floats], spare: Floats | None = None) -> Floats:
    """Horner's sum of powers of x, the highest one's term first; it may be put into ``spare``."""
    result = np.multiply(x, terms[0], out=spare)
    result += terms[1]
    for term in terms[2:]:
        result *= x
        result += term
    return result
