"""The nouns (design: architecture.md). Frozen values only; this floor imports nothing above itself."""
