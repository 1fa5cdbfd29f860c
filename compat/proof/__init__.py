"""The proof: both generations train the same experiment, and their traces are compared."""
