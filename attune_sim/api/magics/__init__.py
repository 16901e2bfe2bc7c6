"""What `%load_ext attune_sim` adds to IPython. Everything works without it: `at.load`, `at.context_cost`."""
