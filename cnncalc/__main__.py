"""The program: `cnncalc`, and `python -m cnncalc`."""

import gc
import sys


def main() -> None:
    """Run the command line and exit with its code. Ctrl-C is handled from the start, also during imports."""
    gc.disable()  # a run is short and creates few cycles; searching for them takes a quarter of the time of a large one
    try:
        from cnncalc.cli.app import main

        main()
    except KeyboardInterrupt:
        from signal import SIGINT

        from cnncalc.cli.ends import report_signal

        sys.exit(report_signal(SIGINT))
    finally:
        gc.freeze()  # else all that was loaded is searched once more at the end, which takes an eighth of a short run


if __name__ == "__main__":
    main()
