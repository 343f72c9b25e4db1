"""The ``llamoco`` command."""
