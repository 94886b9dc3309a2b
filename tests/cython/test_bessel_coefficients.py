"""The coefficients of the log-Bessel functions are what their recurrences say."""

import sys
from fractions import Fraction
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "sklearn_kernelx" / "_cython" / "src"


@pytest.fixture
def make():
    sys.path.append(str(SOURCE))
    import make_bessel_coefficients

    yield make_bessel_coefficients
    sys.path.remove(str(SOURCE))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_header_is_what_the_script_writes(make):
    assert make.header() == (SOURCE / "bessel_coefficients.h").read_text()


def test_first_polynomials(make):
    """DLMF 10.41.10, and by hand."""
    u = make.debye_polynomials(2)
    assert u[1][:4] == [0, Fraction(1, 8), 0, Fraction(-5, 24)]
    assert u[2][2:7] == [Fraction(c, 1152) for c in (81, 0, -462, 0, 385)]
    d = make.log_debye_polynomials(2)
    assert d[1][2:7:2] == [Fraction(1, 16), Fraction(-3, 8), Fraction(5, 16)]
    e = make.riccati_polynomials(2)
    assert e[0][2] == Fraction(-1, 2)
    assert e[1][3:6] == [Fraction(-1, 2), Fraction(1, 8), Fraction(5, 8)]
