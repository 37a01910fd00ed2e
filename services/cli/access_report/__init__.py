"""`deltag access-report`: all that Deltag holds of somebody, from four services, as a document to read and a file for machines."""
