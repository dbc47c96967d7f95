"""Entry point of `python -m teleop`, of the `teleop` command, and of spawned processes.

The module imports nothing at the top: multiprocessing imports the main module again in every
process that it spawns.
"""


def main() -> None:
    """Run the `teleop` command line."""
    import multiprocessing
    import os
    import sys

    # Child processes would import modules from the current folder, which may be an untrusted one.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    multiprocessing.freeze_support()  # a portable app starts itself as its other processes
    from teleop.workers.worker_programs import run_worker

    if not run_worker(sys.argv[1:]):
        from teleop.cli import run

        run()


if __name__ == "__main__":
    main()
