"""What the widget needs and a plain installation lacks."""

from __future__ import annotations

from attune_sim.errors import InputError


def require_widgets() -> None:
    """Raises InputError, with what to type, where ipywidgets is not installed."""
    try:
        import ipywidgets  # noqa: F401
    except ImportError:
        raise InputError(
            "at.explore needs ipywidgets, which is not installed: pip install 'attune-sim[explore]'; without it a sweep's "
            ".predict(), .plot_growth() and .plot_map() say the same"
        ) from None
