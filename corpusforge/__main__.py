"""`python -m corpusforge` is `corpusforge`."""

from corpusforge.cli import main

if __name__ == "__main__":
    main()
