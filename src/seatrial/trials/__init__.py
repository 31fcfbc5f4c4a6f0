"""What is run on a platform, and how its output is read: the canary, the smoke trial, the project's own tests."""
