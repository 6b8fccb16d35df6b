"""How a person puts the client secret where its reference says, with it in no argument list.

We never ask for it: a line of shell reads it from the keyboard, unseen, and pipes it on.
"""

import json
import shlex
import shutil

from credhelper.config.reference import SecretRef

# Echo comes back however it ends; `printf` is a builtin, so its words are in no process list.
_READ = "trap 'stty echo' EXIT; trap 'exit 130' INT; stty -echo; IFS= read -r s && printf %s \"$s\""


def how(reference: SecretRef) -> str:
    """Return what to do as text of a line or more, the command in a line of its own."""
    tell = WAYS.get(reference.backend)
    text = tell(reference.path.partition("?")[0], reference.field.partition("?")[0]) if tell else ""
    return text or f"Put the client secret where {reference} says."


def _env(path: str, _field: str) -> str:
    if not (path.isascii() and path.isidentifier()):
        return ""
    words = f"stty -echo; IFS= read -r {path}; stty echo; export {path}"
    return f"Set the client secret where credhelper is called; this reads it unseen:\n  {words}"


def _file(path: str, _field: str) -> str:
    words = f"{_READ} > {shlex.quote(path)} && chmod 600 {shlex.quote(path)}"
    return f"Store the client secret; this reads it unseen:\n  (umask 077; {words})"


def _vault(path: str, field: str) -> str:
    """Return the words for KV 1 and 2 alike. https://openbao.org/docs/commands/kv/put/."""
    tool = "vault" if shutil.which("vault") and not shutil.which("bao") else "bao"
    words = f"{tool} kv put {shlex.quote(path)} {shlex.quote(field + '=-')}"
    note = "`kv put` drops other fields there, `kv patch` keeps them"
    return f"Store the client secret; this reads it unseen ({note}):\n  ({_READ} | {words})"


def _aws(path: str, field: str) -> str:
    """Return the words for a new secret, or, at an ARN, for one that is there.

    https://docs.aws.amazon.com/cli/latest/reference/secretsmanager/create-secret.html
    """
    what = "put-secret-value --secret-id" if path.startswith("arn:") else "create-secret --name"
    words = f"aws secretsmanager {what} {shlex.quote(path)} --secret-string file:///dev/stdin"
    document: object = "…"
    for name in reversed(field.split(".")) if field else ():
        document = {name: document}
    form = f" as {json.dumps(document, ensure_ascii=False)}" if field else ""
    return f"Store the client secret{form}; this reads it unseen:\n  ({_READ} | {words})"


WAYS = {"env": _env, "file": _file, "vault": _vault, "aws": _aws}
