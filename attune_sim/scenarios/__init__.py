"""Named workloads: a workflow, its data, the real parts it talks to. This package is `at.scenarios`: it makes them.

>>> import attune_sim as at
>>> list(at.scenarios)
['health_check', 'log_pipeline', 'notifications', 'baseline']
>>> at.scenarios.baseline(items=10)
<Workload 'baseline': 10 items, 1,000,000 bytes of history>
"""

import sys

from attune_sim.scenarios.named import Scenarios

# Importing a package binds it as an attribute of its parent, so `at.scenarios` is this module whatever anybody assigns.
# It is therefore made to be the registry.
sys.modules[__name__].__class__ = Scenarios
