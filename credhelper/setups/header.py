"""Any program that reads a header from stdin, such as curl."""

from credhelper.place import Place

WHERE = "run it with your URL"


def text(place: Place) -> str:
    """Return the line."""
    return f'{place.shell("header")} | curl -H @- "$URL"\n'
