"""Invisible characters that no secret, id or token has: dropped, or named in an error."""

BOM = "\ufeff"
_NAMES = {"\n": "a line break", "\r": "a carriage return", "\t": "a tab", "\0": "a NUL"}


def without_bom(text: str) -> str:
    """Return a text without the byte order mark that Windows' editors and PowerShell put first."""
    return text.removeprefix(BOM)


def without_line_end(text: str) -> str:
    """Return a text without the one line end that editors and `echo` put last."""
    return text.removesuffix("\n").removesuffix("\r")


def fault(text: str) -> str:
    """Return where the first unfit character is and what it is called, "" if all are fit.

    Reads on after a name: `VAULT_TOKEN` `ends in a line break`. Nothing of the text is in it.
    """
    for place, each in enumerate(text):
        if not each.isprintable():
            rest = text[place:]
            if rest.isspace() or not any(map(str.isprintable, rest)):
                return f"ends in {_name(each, rest)}"
            return f"begins with {_name(each)}" if place == 0 else f"has {_name(each)} in it"
    return ""


def _name(character: str, rest: str = "") -> str:
    if rest.startswith("\r\n"):
        return _NAMES["\n"]
    if character in _NAMES:
        return _NAMES[character]
    if "\ud800" <= character <= "\udfff":
        return "a byte that is not UTF-8"
    import unicodedata  # a megabyte of tables, for an error only

    name, code = unicodedata.name(character, ""), f"U+{ord(character):04X}"
    return f"the character {name} ({code})" if name else f"the character {code}"
