"""The job on Deltag's chassis: two small services, everything else as in production (deferral, metrics, trace context)."""
