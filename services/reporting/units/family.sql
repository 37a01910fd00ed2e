-- Where families belong on which days: every child and every guardian, at the place of the enrolment that began last, from its
-- start until the next one's (before the first, at the first). The district is the one that the enrolment's fact told: a figure
-- stays where it was counted when a family or a house moves later.
-- Here and in the other units, who was merged into somebody is that one: the alias says who is kept.
select
  coalesce(alias.kept_id, person_id) as person_id,
  coalesce(district, 'unknown') || '/' || coalesce(institution, 'unknown') as place,
  daterange(case when row_number() over line > 1 then starts_on end, lead(starts_on) over line) as days
from (
  select child_id as person_id, coalesce(start_date, '-infinity') as starts_on, id, district, institution
  from enrolment
  where programme = :programme and status <> 'rejected' and child_id is not null
  union all
  select guardian.id::uuid, coalesce(start_date, '-infinity'), enrolment.id, district, institution
  from enrolment cross join lateral jsonb_array_elements_text(guardian_ids) as guardian (id)
  where programme = :programme and status <> 'rejected'
) as enrolled
left join chassis.alias as alias on alias.merged_id = person_id
window line as (partition by coalesce(alias.kept_id, person_id) order by starts_on, id)
