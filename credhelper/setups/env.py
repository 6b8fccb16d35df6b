"""A shell: the token in its environment."""

from credhelper.place import Place

WHERE = "run it in the shell that starts your program"


def text(place: Place) -> str:
    """Return the line."""
    return f'eval "$({place.shell("env")})"\n'
