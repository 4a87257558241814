"""What a person types into a search, as PostgreSQL looks for it."""


def like(search: str | None) -> str | None:
    """A LIKE pattern for a part of a text; what a person typed means itself. ``None`` looks for nothing."""
    if not search or not search.strip():
        return None
    text = search.strip().replace("\0", "")
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"
