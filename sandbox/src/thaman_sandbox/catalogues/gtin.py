"""Trade item numbers with right check digits."""


def check_digit(digits: str) -> int:
    """The last digit of a GTIN, by weights 3 and 1 from the right (GS1 General Specifications, 7.9)."""
    total = sum(int(one) * (3 if place % 2 == 0 else 1) for place, one in enumerate(reversed(digits)))
    return -total % 10


def gtin13(number: int) -> str:
    """A 13-digit number under the Saudi prefix 628."""
    body = f"628{number % 10**9:09d}"
    return f"{body}{check_digit(body)}"


def valid(gtin: str) -> bool:
    """Whether the check digit is right."""
    return gtin.isdecimal() and len(gtin) in (8, 12, 13, 14) and check_digit(gtin[:-1]) == int(gtin[-1])
