"""A workflow's days in virtual time, as a notebook asks for them and holds them."""
