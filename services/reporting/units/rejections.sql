-- One row for each rejected request, under the first of its reasons, in the month in which it was answered.
select
  coalesce(reason, 'unknown') as part,
  id as contributor,
  (as_of at time zone 'Europe/Copenhagen')::date as day,
  coalesce(district, 'unknown') || '/' || coalesce(institution, 'unknown') as place,
  coalesce(to_char(as_of at time zone 'Europe/Copenhagen', 'YYYY/YYYY-MM'), 'unknown/unknown') as month
from enrolment
where programme = :programme and status = 'rejected'
