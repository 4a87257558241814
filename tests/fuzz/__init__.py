"""Coverage-guided fuzzing, by `make fuzz`; a part of no test run."""
