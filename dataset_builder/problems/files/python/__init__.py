"""Reading a problem FILE in Python: execute a person's text, look the contract's names up, take what its functions return."""
