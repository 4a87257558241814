"""What a browser says of itself, short enough to be recognised by whoever uses it."""

_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("FxiOS", "Firefox"),
             ("Firefox", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
            ("Mac OS X", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip
"""By the words that name them; who pretends to be another comes before whom they pretend to be."""

_LONGEST = 60


def device(agent: str | None) -> str | None:
    """Browser and system; what is neither, as it calls itself; ``None`` where it says nothing."""
    if not agent:
        return None
    known = [next((name for word, name in table if word in agent), None) for table in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in known if name) or agent[:_LONGEST]
