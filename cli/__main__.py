"""``python -m llamoco.cli``: the ``llamoco`` command."""

from llamoco.cli.main import app

if __name__ == "__main__":
    app(prog_name="llamoco")
