"""What a fan-out whose results stay where they are made has of them: nothing but counts, or a sum over notes."""

from __future__ import annotations

from typing import Any, Final

from attune_sim.errors import EventError

COUNTS: Final = "counts"
"""In the place of the folder in which results are kept: they are let go of."""

_DIGEST: Final = 16  # characters of a digest: 64 bits
_ALL: Final = (1 << 64) - 1

Note = list[Any]
"""What is told of a result that is kept: the name of its file, its bytes of JSON, and its digest."""


def tally_of(kept: str) -> Tally:
    """What takes the place of the list of results, by `Offer.kept`."""
    return Tally() if kept == COUNTS else KeptTally(kept)


class Tally:
    """Takes results by slot, and keeps nothing of them."""

    __slots__ = ()

    def __setitem__(self, slot: int, result: Any) -> None:
        pass

    def told(self) -> dict[str, Any]:
        """What the aggregate has in the place of `results`."""
        return {}

    def __repr__(self) -> str:
        return "<Tally of nothing>"


class KeptTally(Tally):
    """Sums up notes: in all, and by the file that holds the results. The digest does not depend on their order.

    >>> tally = KeptTally("results")
    >>> tally[0] = ["a.jsonl", 3, "00000000000000ff"]
    >>> tally[7] = ["a.jsonl", 4, "0000000000000001"]
    >>> tally.told()["kept"]["files"]
    {'a.jsonl': {'items': 2, 'bytes': 7, 'digest': '0000000000000100'}}
    """

    __slots__ = ("_files", "_folder")

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files: dict[str, tuple[int, int, int]] = {}

    def __setitem__(self, slot: int, result: Any) -> None:
        file, size, digest = _checked(result, slot)
        items, in_all, digests = self._files.get(file, (0, 0, 0))
        self._files[file] = items + 1, in_all + size, (digests + digest) & _ALL

    def told(self) -> dict[str, Any]:
        items, size, digests = (sum(sums[n] for sums in self._files.values()) for n in range(3))
        files = {file: _sum(*sums) for file, sums in sorted(self._files.items())}
        return {"kept": {"folder": self._folder, **_sum(items, size, digests), "files": files}}

    def __repr__(self) -> str:
        return f"<KeptTally in {self._folder!r}: {len(self._files)} files>"


def _sum(items: int, size: int, digests: int) -> dict[str, Any]:
    return {"items": items, "bytes": size, "digest": f"{digests & _ALL:0{_DIGEST}x}"}


def _checked(note: Any, slot: int) -> tuple[str, int, int]:
    """The parts of a note; raises `EventError` for what is none, as in a journal that somebody changed."""
    if type(note) is list and len(note) == 3:
        file, size, digest = note
        if type(file) is str and type(size) is int and type(digest) is str and len(digest) == _DIGEST:
            try:
                return file, size, int(digest, 16)
            except ValueError:
                pass
    raise EventError(f"item {slot}: its result is to be kept where it was made, and this is no note of that")
