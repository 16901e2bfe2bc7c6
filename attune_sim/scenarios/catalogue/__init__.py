"""One scenario a file. To add one: a function of the file's name that gives a `Workload`, and its name in `named.py`."""
