"""The program: `cnncalc`, and `python -m cnncalc`."""

import gc
import sys


def main() -> None:
    """Run the command line and end with its exit code. Ctrl-C is heeded from the start, also while it is loaded."""
    gc.disable()  # a run is short and leaves no cycles to speak of; looking for them takes a quarter of a large one
    try:
        from cnncalc.cli.app import main

        main()
    except KeyboardInterrupt:
        from signal import SIGINT

        from cnncalc.cli.ends import told

        sys.exit(told(SIGINT))
    finally:
        gc.freeze()  # else all that was loaded is searched once more at the end, which takes an eighth of a short run


if __name__ == "__main__":
    main()
