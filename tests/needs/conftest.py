"""What the needs of real programs are read with, and what they are run under."""
