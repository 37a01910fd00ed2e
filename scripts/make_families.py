"""Make the demo's families anew: `python -m scripts.make_families`. The same seed gives the same bytes; a test holds the files to it."""

from services.cli.demo import file

if __name__ == "__main__":
    expected = file.write()
    print(f"{expected.lines} lines: {expected.accepted} to be accepted, {len(expected.rejected)} rejected, {len(expected.parked)} parked.")
