"""`python -m tmf`."""

from tmf.cli import main

if __name__ == "__main__":
    main()
