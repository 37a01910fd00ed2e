-- One row for each child that was enrolled, also if it paused, completed or was withdrawn later; at the place where it was last.
-- A family that was invited, or was interested, and no more is none of them.
-- It has taken part once it was present or late at a session, at any time. Consent is that to take part.
select
  case
    when not child.active then 'children-withdrawn'
    when came.person_id is null then 'children-not-yet'
    else 'children-taking-part'
  end as part,
  child.child_id as contributor,
  child.first_day as day,
  child.place,
  coalesce(to_char(child.first_day, 'YYYY/YYYY-MM'), 'unknown/unknown') as month,
  case when came.person_id is null then 'never' else 'came' end as attended,
  coalesce(agreed.status, 'none') as consent
from (
  select
    coalesce(alias.kept_id, child_id) as child_id,
    min(start_date) as first_day,
    bool_or(status <> 'withdrawn') as active,
    (array_agg(coalesce(district, 'unknown') || '/' || coalesce(institution, 'unknown') order by start_date desc, id desc))[1] as place
  from enrolment left join chassis.alias as alias on alias.merged_id = child_id
  where programme = :programme and child_id is not null and status <> 'rejected' and was_enrolled
  group by coalesce(alias.kept_id, child_id)
) as child
left join (
  select distinct coalesce(alias.kept_id, person_id) as person_id
  from attendance left join chassis.alias as alias on alias.merged_id = person_id
  where programme = :programme and state in ('present', 'late')
) as came on came.person_id = child.child_id
left join word as agreed on agreed.subject_id = child.child_id and agreed.purpose = 'take-part'
