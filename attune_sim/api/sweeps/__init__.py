"""A comparison over sizes: which sizes are measured, which left out, and when it is enough."""
