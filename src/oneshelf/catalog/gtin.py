"""The number under a barcode (GS1's GTIN) and its check digit. Pure."""

LENGTHS = frozenset({8, 12, 13, 14})


def check_digit(digits: str) -> str:
    """Return the check digit that belongs behind these digits: weights 3 and 1 from the right."""
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return str(-total % 10)


def is_gtin(text: str) -> bool:
    """Say whether this is a GTIN-8, -12, -13 or -14 whose check digit fits."""
    return (
        len(text) in LENGTHS
        and text.isascii()
        and text.isdigit()
        and text[-1] == check_digit(text[:-1])
    )
