"""`newswarc`, and `python -m newswarc`."""

from newswarc.cli import main

if __name__ == "__main__":
    main()
