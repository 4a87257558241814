"""exp, log and their kin with the same bits on every CPU.

numpy's own exp, log, pow, expm1 and log1p differ in the last bit between CPU features (numpy issue 26117), and a
decision that is recorded must be recomputed exactly. Everything here is made of ``+ - * /``, comparisons, table
look-ups and bit operations on IEEE doubles, which every machine rounds alike. Error at most 1e-15 relative (tests).

All functions take and return ``float64`` arrays of any shape; NaN stays NaN.
"""

from decimal import Decimal, localcontext
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
"""An array of doubles."""

_DIGITS = 50
_STEPS = 64
_SHIFT = 6
_BIAS_BITS: Final = np.int64(1023 << 52)
_MANTISSA: Final = np.int64((1 << 52) - 1)
_ROUNDER = 6755399441055744.0  # 1.5 x 2^52: adding it rounds a double to a whole number in its low bits
_ROUNDER_BITS: Final = np.int64(np.float64(_ROUNDER).view(np.int64))
_LOWEST, _HIGHEST = -708.0, 709.0
_SQRT_HALF = 0.7071067811865476


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
_EXPM1_TERMS = tuple(1.0 / float(np.prod(np.arange(1.0, k + 1.0))) for k in range(15, 0, -1))
_ATANH_TERMS = tuple(2.0 / (2 * k + 1) for k in range(11, 0, -1))


def exp(x: npt.ArrayLike) -> Floats:
    """e^x. Saturates outside [-708, 709], so it never overflows and never reaches zero."""
    value = np.minimum(np.maximum(np.asarray(x, dtype=np.float64), _LOWEST), _HIGHEST)
    shifted = value * _PER_STEP
    shifted += _ROUNDER
    steps = shifted.view(np.int64) - _ROUNDER_BITS
    shifted -= _ROUNDER
    value -= shifted * _STEP_SHORT
    shifted *= _STEP_REST
    value -= shifted
    # |rest| <= ln 2 / 128, so the sixth term of the series is below 4e-17.
    result = value * (1.0 / 120.0)
    for term in (1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0):
        result += term
        result *= value
    power = _TABLE.take(steps & (_STEPS - 1), mode="clip")
    result *= power
    result += power
    steps >>= _SHIFT
    steps <<= 52
    bits = result.view(np.int64)
    np.add(bits, steps, out=bits, where=~np.isnan(result))
    return result


def log(x: npt.ArrayLike) -> Floats:
    """Natural logarithm of normal positive numbers; zero and below give -inf and NaN as numpy's does."""
    value = np.asarray(x, dtype=np.float64)
    bits = value.view(np.int64) if value.flags.c_contiguous else np.ascontiguousarray(value).view(np.int64)
    exponent = (bits >> 52) - 1022
    fraction = ((bits & _MANTISSA) | np.int64(1022 << 52)).view(np.float64)
    low = fraction < _SQRT_HALF
    exponent = np.where(low, exponent - 1, exponent).astype(np.float64)
    fraction = np.where(low, fraction * 2.0, fraction)
    # The short part of ln 2 is exact in products with whole numbers, so only the small rest is rounded.
    result = exponent * _LN2_SHORT + (exponent * _LN2_REST + _atanh_series((fraction - 1.0) / (fraction + 1.0)))
    result = np.where(value == np.inf, np.inf, result)
    result = np.where(value == 0.0, -np.inf, result)
    return np.where((value < 0.0) | np.isnan(value), np.nan, result)


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
    small = np.where(near, value, 0.0)
    result = np.full_like(small, _EXPM1_TERMS[0])
    for term in _EXPM1_TERMS[1:]:
        result *= small
        result += term
    result *= small
    if near.all():
        return result
    return np.where(near, result, exp(value) - 1.0)


def normal_cdf(z: npt.ArrayLike) -> Floats:
    """Standard normal distribution function, absolute error below 1e-7 (Abramowitz and Stegun 26.2.17)."""
    value = np.asarray(z, dtype=np.float64)
    size = np.abs(value)
    t = 1.0 / (1.0 + 0.2316419 * size)
    series = np.full_like(t, 1.330274429)
    for term in (-1.821255978, 1.781477937, -0.356563782, 0.319381530):
        series *= t
        series += term
    series *= t
    tail = series * normal_density(size)
    return np.where(value < 0.0, tail, 1.0 - tail)


def normal_density(z: npt.ArrayLike) -> Floats:
    """Standard normal density."""
    value = np.asarray(z, dtype=np.float64)
    return exp(value * value * -0.5) * 0.3989422804014327


def _atanh_series(s: Floats) -> Floats:
    """2 atanh(s) for |s| < 0.26: the odd series, summed in s²."""
    square = s * s
    result = np.full_like(square, 2.0 / 25.0)
    for term in _ATANH_TERMS:
        result *= square
        result += term
    return (result * square + 2.0) * s
