"""Sliders over what was measured and what that foretells: `explorer` knows, `drawing` draws, `widget` shows and is clicked."""
