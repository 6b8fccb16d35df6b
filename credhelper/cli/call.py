"""What the fast door hands on to the command line."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from credhelper.caller import Question
    from credhelper.renewal.lock import Lock


class Call:
    """One run of the command, as the fast door hands it on.

    `question` is what the door heard; None if the command line is for argparse. `lock` is one that
    the door holds. `spare` is the reply with a token that is due for renewal but still serves, for
    when nothing more can be loaded. `inherited` is what `inherited.complete` takes: umask, blocked
    signals, ignored signals, seconds left of the caller's alarm, and when the run began.
    """

    __slots__ = ("arguments", "inherited", "lock", "question", "spare")

    def __init__(
        self,
        arguments: "Sequence[str]",
        *,
        inherited: "tuple[int, set[int], set[int], float, float]",
        question: "Question | None" = None,
        lock: "Lock | None" = None,
        spare: str = "",
    ) -> None:
        self.arguments, self.inherited = arguments, inherited
        self.question, self.lock, self.spare = question, lock, spare
