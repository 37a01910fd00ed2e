"""Those who do the job, each as its own documents say: a package with a `process` that runs `enrolment` or `insight`."""
