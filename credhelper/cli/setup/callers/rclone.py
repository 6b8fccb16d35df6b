"""rclone's WebDAV remotes (https://rclone.org/webdav/#webdav-bearer-token-command)."""

from credhelper.cli.setup.target import Target

WHERE = "put it into your WebDAV remote: rclone config update REMOTE bearer_token_command COMMAND"


def text(target: Target) -> str:
    """Return the setting; rclone splits it at spaces that stand in no double quotes."""
    words = [f'"{word}"' if " " in word else word for word in target.chosen("token")]
    return f"bearer_token_command = {' '.join(words)}\n"
