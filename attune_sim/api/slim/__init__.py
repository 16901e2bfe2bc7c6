"""The smallest change of a workflow after which its items are handed less."""
