"""The plug: strategies, each a way of handing on the context, in a file of its own."""
