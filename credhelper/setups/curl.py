"""curl, with the token in no argument list."""

from credhelper.place import Place

WHERE = "run it with your URL"


def text(place: Place) -> str:
    """Return the line."""
    return f'{place.shell("curl")} | curl -K - "$URL"\n'
