"""Names: what a store wants in two fields and Amazon gives in one."""


def split(name: str) -> tuple[str, str]:
    """First and last name: the first word, and all the rest.

    A single word is a first name. Nothing of the name is lost.
    """
    first, *last = name.strip().split(maxsplit=1) or [""]
    return first, "".join(last)
