"""Those who do the job."""
