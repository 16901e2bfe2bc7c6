"""Objects that say what was found: as text of 80 columns, as HTML in a notebook, as a report."""

from __future__ import annotations

import textwrap
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Protocol

from attune_sim.api.showing.text import fitted
from attune_sim.api.showing.written import written

if TYPE_CHECKING:
    from attune_sim.reports import Summary

WIDTH: Final = 80


class Told(Protocol):
    """Gives `findings()`, and is shown by them. A mixin."""

    def findings(self) -> Summary:
        """What the report says, before it has a form."""
        ...

    def report(
        self,
        path: str | PathLike[str],
        *,
        force: bool = False,
        template: str | PathLike[str] | None = None,
    ) -> str:
        """Write the report: HTML, Markdown or JSON, by the end of the name. Gives back the path; see `at.report`.

        Raises InputError if the name ends otherwise, the file cannot be written, or is one that attune-sim did not write; with `force` the
        last is replaced.
        """
        return written(path, self.findings(), force=force, template=template)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from attune_sim.reports import fragment

        return {"text/plain": repr(self), "text/html": fragment(self.findings())}

    def __str__(self) -> str:
        findings = self.findings()
        table = findings.tables[0]
        lines = [findings.title, *textwrap.wrap(findings.lead, WIDTH), ""]
        lines += [line.text for line in fitted(table.headers, table.rows, table.texts, WIDTH)]
        for heading, remarks in findings.remarks:
            lines += ["", heading]
            for remark in remarks:
                lines += textwrap.wrap(remark, WIDTH, initial_indent="  ", subsequent_indent="    ")
        return "\n".join(lines)
