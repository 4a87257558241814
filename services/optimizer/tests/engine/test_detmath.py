"""The engine's own elementary functions: as exact as promised."""

import ast
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thaman_optimizer import domain
from thaman_optimizer.domain.demand import detmath
from thaman_optimizer.domain.demand.detmath import Floats

PROMISED = 1e-15


@pytest.mark.parametrize(
    ("own", "true", "low", "high"),
    [
        (detmath.exp, math.exp, -700.0, 700.0),
        (detmath.exp, math.exp, -1e-3, 1e-3),
        (detmath.log, math.log, 1e-300, 1.0),
        (detmath.log, math.log, 0.5, 2.0),
        (detmath.log, math.log, 1.0, 1e300),
        (detmath.log1p, math.log1p, -0.99, 3.0),
        (detmath.log1p, math.log1p, -1e-6, 1e-6),
        (detmath.expm1, math.expm1, -30.0, 30.0),
        (detmath.expm1, math.expm1, -1e-6, 1e-6),
    ],
)
def test_relative_error(
    own: Callable[[Floats], Floats], true: Callable[[float], float], low: float, high: float
) -> None:
    values = np.random.default_rng(3).uniform(low, high, 20_000)
    wanted = np.array([true(value) for value in values])
    assert np.max(np.abs(own(values) - wanted) / np.maximum(np.abs(wanted), 1e-300)) <= PROMISED


@given(st.lists(st.floats(), min_size=1, max_size=16))
def test_few_numbers_are_done_as_many_are(values: list[float]) -> None:
    few = np.array(values)
    for own in (detmath.exp, detmath.log):
        with np.errstate(all="ignore"):
            many = own(np.tile(few, 17))[: len(few)]
        assert own(few).tobytes() == many.tobytes()


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_log_undoes_exp(value: float) -> None:
    assert detmath.exp(detmath.log(np.array([value])))[0] == pytest.approx(value, rel=1e-12)


def test_edges() -> None:
    assert np.isnan(detmath.exp(np.array([np.nan]))[0])
    assert np.isfinite(detmath.exp(np.array([1e9, -1e9, np.inf, -np.inf]))).all()
    assert detmath.exp(np.array([0.0]))[0] == 1.0
    assert detmath.log(np.array([0.0]))[0] == -np.inf
    assert np.isnan(detmath.log(np.array([-1.0, np.nan]))).all()
    assert detmath.log(np.array([1.0]))[0] == 0.0


def test_normal_distribution() -> None:
    values = np.linspace(-8, 8, 2_001)
    wanted = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in values])
    assert np.max(np.abs(detmath.normal_cdf(values) - wanted)) < 1e-7
    assert (np.diff(detmath.normal_cdf(values)) >= -1e-9).all()


def test_no_function_of_numpy_that_differs_between_processors() -> None:
    """exp, log, pow and their like may not be called anywhere in the engine's packages."""
    forbidden = {"exp", "log", "log1p", "expm1", "power", "exp2", "log2", "log10", "dot", "einsum", "matmul", "tanh"}
    root = Path(str(domain.__file__)).parent
    for package in ("demand", "offers", "decision", "pricing", "matching"):
        for path in sorted((root / package).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
                    assert node.attr not in forbidden, f"{path.name}: np.{node.attr}"
                assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)), path.name
