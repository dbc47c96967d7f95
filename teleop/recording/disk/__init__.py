"""File access: links are not followed, writes are atomic, locks end with their program."""
