"""What a notebook calls. `attune_sim` itself hands these out by name, loaded when first used; rich reprs live here."""
