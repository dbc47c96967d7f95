"""Reports as pages, figures of settings, and the check of a computer before a lesson."""
