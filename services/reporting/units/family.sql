-- Where families belong: every child and every guardian, at the place of the latest enrolment.
select distinct on (person_id) person_id, place
from (
  select child_id as person_id, start_date, id, coalesce(district, 'unknown') || '/' || coalesce(institution, 'unknown') as place
  from enrolment
  where programme = :programme and status <> 'rejected' and child_id is not null
  union all
  select guardian.id::uuid, start_date, enrolment.id, coalesce(district, 'unknown') || '/' || coalesce(institution, 'unknown')
  from enrolment cross join lateral jsonb_array_elements_text(guardian_ids) as guardian (id)
  where programme = :programme and status <> 'rejected'
) as enrolled
order by person_id, start_date desc, id desc
