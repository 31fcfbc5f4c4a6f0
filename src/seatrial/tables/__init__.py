"""Data files and their loaders: Go releases, instruction-set levels, emulator faults, messages. Code holds no such list."""
