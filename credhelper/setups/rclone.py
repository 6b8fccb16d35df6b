"""rclone's WebDAV remotes (https://rclone.org/webdav/#webdav-bearer-token-command)."""

from credhelper.place import Place

WHERE = "put it into your WebDAV remote: rclone config update REMOTE bearer_token_command COMMAND"


def text(place: Place) -> str:
    """Return the setting; rclone splits it at spaces that stand in no double quotes."""
    words = [f'"{word}"' if " " in word else word for word in place.command("token")]
    return f"bearer_token_command = {' '.join(words)}\n"
