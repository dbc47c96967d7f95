"""Export and import datasets: other programs' formats, and bundles to share with other people."""
