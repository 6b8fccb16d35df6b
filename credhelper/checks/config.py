"""The config file: who owns it, and whether the profile can be read."""

import os
import stat

from credhelper import profile
from credhelper.walk import Walk


def check(walk: Walk) -> tuple[str, str]:
    """Return where the profile's settings come from. Raises ConfigError."""
    walk.profiles = profile.load(os.environ, walk.config)
    chosen = walk.profiles.get(walk.name)
    walk.profile = chosen
    path = walk.profiles.source.path
    if not path:
        return f"profile {chosen.name} of the environment; there is no config file", ""
    status = os.stat(path)
    owner = "yours" if status.st_uid == os.geteuid() else "root's"  # `load` takes no other
    return f"profile {chosen.name} of {path}, {owner}, mode {stat.S_IMODE(status.st_mode):04o}", ""
