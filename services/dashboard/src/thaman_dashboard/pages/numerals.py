"""Numbers as people type them: Arabic-Indic digits and separators read like Latin ones."""

_WESTERN: dict[int, str | None] = {ord(arabic): str(digit) for digit, arabic in enumerate("٠١٢٣٤٥٦٧٨٩")}
_WESTERN |= {ord(persian): str(digit) for digit, persian in enumerate("۰۱۲۳۴۵۶۷۸۹")}
_WESTERN |= {ord("٫"): ".", ord("٬"): None, ord(","): None, ord("%"): None, ord("٪"): None, ord(" "): None}


def western(text: str) -> str:
    """The same number in Latin digits, without what parts thousands."""
    return text.strip().translate(_WESTERN)
