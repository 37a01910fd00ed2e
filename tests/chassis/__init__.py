"""The chassis, through its doors."""
