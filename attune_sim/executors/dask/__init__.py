"""`dask`: attempts as batches on the workers of a Dask cluster. The conductor stays at home; the offer is what travels.

- `parcels`    pickling with secrets left out, and with what a worker has already left out
- `packing`    what is made at home for workers: actions, offers, batches
- `desk`       a worker's side: what it was sent, and how it performs a batch
- `ledger`     what each worker was sent and did
- `connecting` a cluster of one's own, or somebody's
- `link`       the line to a cluster: messages, batches, who came and who went
- `news`       what both ends of that line tell each other
- `posts`      the workers as the performer sees them: how much each has in flight, what it may be handed
- `performer`  the performer
"""
