"""Chance without memory: numbers that look random, and are the same for the same keys on every machine.

Floats are made of + - × ÷ and √ alone: these are the same to the bit everywhere, what C libraries make of exp or log
is not.
"""

from __future__ import annotations

from hashlib import blake2b
from math import frexp, sqrt
from typing import Final

_BLOCK: Final = 64
_FORMATS: Final = tuple(b"%d," * length for length in range(16))
_LN_2: Final = 0.6931471805599453
_ROOT_HALF: Final = 0.7071067811865476
_ROOT_2_PI: Final = 2.5066282746310002
# From where on the series of the normal distribution would lose digits, and a continued fraction does not.
_FAR: Final = 3.0
# Beyond it a normal distribution has nothing that a float can hold.
_END: Final = 38.0
_FNV_BASIS: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MASK: Final = 2**64 - 1


def draw(*keys: int) -> int:
    """Give a number of 64 bits that looks random, and is always the same for the same *keys* (at most 15)."""
    return int.from_bytes(blake2b(_FORMATS[len(keys)] % keys, digest_size=8).digest(), "little")


def below(n: int, *keys: int) -> int:
    """Give a number from 0 up to *n*, without *n*. ValueError: there is none."""
    if n < 1:
        raise ValueError(f"a number below {n} was asked for; there is none from 0 on")
    return draw(*keys) % n


def noise(length: int, *keys: int) -> bytes:
    """Give *length* bytes that look random: what many small draws would give, at a tenth of their cost."""
    key = _FORMATS[len(keys)] % keys
    first = blake2b(key, person=b"noise").digest()
    if length <= _BLOCK:
        return first[:length]
    numbers = range(1, (length + _BLOCK - 1) // _BLOCK)
    others = [blake2b(b"%b%d" % (key, number), person=b"noise").digest() for number in numbers]
    return b"".join([first, *others])[:length]


def unit(*keys: int) -> float:
    """Give a number from 0 up to 1, without 1."""
    return (draw(*keys) >> 11) / 9007199254740992.0


def normal(*keys: int) -> float:
    """Give a number whose mean is 0 and whose deviation is 1: four even ones together, so none beyond 3.47."""
    drawn = draw(*keys)
    total = (drawn & 0xFFFF) + (drawn >> 16 & 0xFFFF) + (drawn >> 32 & 0xFFFF) + (drawn >> 48)
    return (total - 131070.0) / 37837.227


def key_of(text: str) -> int:
    """Give a number of 64 bits for *text*: what `hash` gives is another one in each process."""
    state = _FNV_BASIS
    for byte in text.encode("utf-8", "surrogatepass"):
        state = (state ^ byte) * _FNV_PRIME & _MASK
    return state


def exp(x: float) -> float:
    """Give e to the power of *x*. It is 0 for what is below -690, and e to the 690 for what is above 690."""
    x = min(max(x, -690.0), 690.0)
    if x == -690.0:
        return 0.0
    power = int(x / _LN_2 + (0.5 if x > 0 else -0.5))
    rest = x - power * _LN_2
    result = 1.0
    for divisor in range(14, 0, -1):
        result = 1.0 + result * rest / divisor
    return result * float(1 << power) if power >= 0 else result / float(1 << -power)


def ln(x: float) -> float:
    """Give the natural logarithm of *x*. ValueError: *x* is not above 0, or infinite."""
    if not 0.0 < x < float("inf"):
        raise ValueError(f"{x!r} has no logarithm: it must be above 0 and finite")
    part, power = frexp(x)
    if part < _ROOT_HALF:
        part, power = part * 2.0, power - 1
    ratio = (part - 1.0) / (part + 1.0)
    square = ratio * ratio
    result = 0.0
    for divisor in range(21, 0, -2):
        result = result * square + 1.0 / divisor
    return 2.0 * ratio * result + power * _LN_2


def normal_density(x: float) -> float:
    """Give the density of the normal distribution at *x*."""
    return exp(-0.5 * x * x) / _ROOT_2_PI


def normal_below(x: float) -> float:
    """Give how likely a normal number is below *x*."""
    size = abs(x)
    if size > _END:
        return 1.0 if x > 0 else 0.0
    if size > _FAR:
        tail = normal_density(size) / _fraction(size)
        return 1.0 - tail if x > 0 else tail
    term = total = x
    odd = 1
    while abs(term) > 1e-17 * abs(total):
        odd += 2
        term *= x * x / odd
        total += term
    return 0.5 + normal_density(x) * total


def _fraction(x: float) -> float:
    """Give x + 1 / (x + 2 / (x + 3 / …)): with it the tail of the normal distribution is exact far out."""
    value = x
    for number in range(60, 0, -1):
        value = x + number / value
    return value


def root(x: float) -> float:
    """Give the square root of *x*. ValueError: *x* is negative."""
    return sqrt(x)
