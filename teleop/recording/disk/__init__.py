"""The file system: no link is followed, writes are atomic, locks end with their program."""
