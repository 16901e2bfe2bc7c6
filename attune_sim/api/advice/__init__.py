"""The operator's question: will it run out of memory, and what should be changed?"""
