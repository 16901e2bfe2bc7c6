"""The actions of the campaign: a store of templates, a CRM and a mail server in the shapes of their answers."""

from __future__ import annotations

from typing import Any


def mail__template(**parameters: Any) -> dict[str, Any]:
    """A template with its parts, about 100 KB of JSON. A task without input is handed the parameters."""
    blocks = [
        {"id": n, "html": f"<td>{'block ' * 60}{n}</td>", "styles": {"color": "#333", "size": n}}
        for n in range(250)
    ]
    return {"subject": "Our autumn offers", "blocks": blocks}


def crm__segments(**parameters: Any) -> dict[str, Any]:
    """Segments of the audience, about 300 KB of JSON."""
    segments = [
        {
            "id": n,
            "name": f"segment {n}",
            "rules": [{"field": f"f{k}", "op": "gt", "value": k * n} for k in range(20)],
        }
        for n in range(300)
    ]
    return {"greeting": "Dear", "segments": segments}


def mail__send(to: str, name: str, greeting: str, subject: str) -> dict[str, Any]:
    """What a mail server answers."""
    return {"to": to, "accepted": True, "id": f"<{to}.{len(name)}>"}
