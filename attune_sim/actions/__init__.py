"""What tasks do: the registry of actions, and packs of them."""
