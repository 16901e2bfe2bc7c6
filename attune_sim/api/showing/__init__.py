"""How results and progress are shown: on a terminal, in a notebook, in files."""
