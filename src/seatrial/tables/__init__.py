"""Data files and their loaders: Go releases, instruction sets, emulator faults, messages. Code holds no such list."""
