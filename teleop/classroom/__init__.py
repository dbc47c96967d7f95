"""What a teacher does with a student's work: reports that can be checked, and grading."""
