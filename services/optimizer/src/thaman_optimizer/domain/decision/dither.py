"""Small price changes made for learning, drawn from who and when alone: any order and any machine draws the same.

Randomised prices are what makes elasticities learnable (Fisher, Gallino and Li, Management Science 2018).
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


def identity(product_ids: Sequence[str]) -> Words:
    """A 64-bit name of each product."""
    digests = [hashlib.blake2b(one.encode(), digest_size=8).digest() for one in product_ids]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def draws(identities: Words, epoch: int) -> Words:
    """Uniform 64-bit draws for an epoch: splitmix64 of the product's name and the epoch (Steele, Lea, Flood 2014)."""
    golden = 0x9E3779B97F4A7C15
    word = identities + np.uint64((epoch * golden) & (2**64 - 1))
    word = word + np.uint64(golden)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
