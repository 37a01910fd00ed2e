"""HTTP doors that do the same: one row is read by its key, or an enrolment is taken, on the chassis and on nameko alone."""
