"""Any program that runs a command for a token: scripts, API key helpers, mail programs."""

from credhelper.place import Place

WHERE = "give it to the program as the command that prints its token"


def text(place: Place) -> str:
    """Return the line."""
    return f"{place.shell('token')}\n"
