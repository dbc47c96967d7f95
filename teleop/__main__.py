"""Entry point of `python -m teleop`, of the `teleop` command, and of spawned processes.

The module imports nothing at the top: multiprocessing imports the main module again in every
process that it spawns.
"""


def main() -> None:
    """Run the `teleop` command line."""
    from teleop.cli import run

    run()


if __name__ == "__main__":
    main()
