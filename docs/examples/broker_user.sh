#!/bin/sh
# For the broker's administrator: a user who may publish requests and read his own answers, and nothing else.
#   sh broker_user.sh VHOST daycare-administration PASSWORD
set -eu
RABBITMQCTL="${RABBITMQCTL:-rabbitmqctl}"
$RABBITMQCTL add_user "$2" "$3"
$RABBITMQCTL set_permissions --vhost "$1" "$2" "^answers\.$2\$" "^deltag\.requests\$" "^answers\.$2\$"
$RABBITMQCTL set_topic_permissions --vhost "$1" "$2" deltag.requests "^(consent|enrolment|family|protection)\." "^\$"
