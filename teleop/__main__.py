"""The door: `python -m teleop`, the `teleop` command, and what spawned processes import first.

Kept empty of imports: multiprocessing imports the main module again in every process it spawns.
"""


def main() -> None:
    """Run the `teleop` command line."""
    from teleop.cli import run

    run()


if __name__ == "__main__":
    main()
