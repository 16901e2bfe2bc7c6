"""Reports: of one result a page, of several a small site, from what is held or from rows on disk."""
