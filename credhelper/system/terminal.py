"""What a person at a terminal gets beyond plain text: its width and its colours."""

import os
import shutil


def columns() -> int:
    """Return the width of the terminal that stdout is, 0 if it is none."""
    return shutil.get_terminal_size().columns if os.isatty(1) else 0


def coloured(text: str, colour: str) -> str:
    """Return the text in a colour (ECMA-48, SGR), unless the user wants none.

    https://no-color.org
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"


def duration(seconds: int) -> str:
    """Return seconds as a person says them, like `42s`, `54m`, `2h 5m` or `3d 4h`."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds}s"
    if not hours:
        return f"{minutes}m"
    if not days:
        return f"{hours}h {minutes % 60}m"
    return f"{days}d {hours % 24}h"
