#!/bin/sh
# Ask Deltag over HTTP to enrol a child, and print the answer.
# From the project's folder:
#   sh docs/examples/enrol_http.sh http://127.0.0.1:8080 docs/examples/family.json
set -eu
PATH="$PATH:.venv/bin"
TOKEN="${TOKEN:-$(deltag token system --source https://daycare-administration.example)}"
ID="${ID:-$(cat /proc/sys/kernel/random/uuid)}"

printf '{"id": "%s", "data": %s}' "$ID" "$(cat "$2")" |
  curl --silent --show-error --fail-with-body "$1/registration/v1/enrolment-requests" \
    --header "Authorization: Bearer $TOKEN" \
    --header "Content-Type: application/json" \
    --data @-
