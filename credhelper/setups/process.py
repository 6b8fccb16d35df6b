"""Your own program, which reads the token and its expiry as JSON."""

from credhelper.place import Place

WHERE = "let your program run it and read its output"


def text(place: Place) -> str:
    """Return the line."""
    return f"{place.shell('process')}\n"
