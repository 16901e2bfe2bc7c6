"""What gates measured over commits: kept, shown, and looked into where it changed."""
