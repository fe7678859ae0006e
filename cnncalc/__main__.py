"""The program: `cnncalc`, and `python -m cnncalc`."""

import gc


def main() -> None:
    """Run the command line and end with its exit code."""
    gc.disable()  # a run is short and leaves no cycles to speak of; looking for them takes a quarter of a large one
    from cnncalc.cli.app import main

    main()


if __name__ == "__main__":
    main()
