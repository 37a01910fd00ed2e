-- One row for each sign-up, in the month in which it was made; a family is known by the person who is told.
-- A seat from the waiting list is a seat; the table of states tells it from one that was had at once.
-- One with somebody in its party who is left out of the figures is left out with him.
-- It counts at the place of the first of its party who is enrolled or whose child is; else (professionals) at the activity's.
select
  case signup.state when 'promoted' then 'seated' else signup.state end as part,
  coalesce(alias.kept_id, signup.contact_id) as contributor,
  (signup.signed_up_at at time zone 'Europe/Copenhagen')::date as day,
  coalesce(home.place, coalesce(activity.district, 'unknown') || '/' || coalesce(activity.institution, 'unknown')) as place,
  to_char(signup.signed_up_at at time zone 'Europe/Copenhagen', 'YYYY/YYYY-MM') as month,
  signup.kind,
  case signup.state when 'seated' then 'at-once' else signup.state end as state
from signup
left join chassis.alias as alias on alias.merged_id = signup.contact_id
left join activity on activity.id = signup.activity_id
left join (
  select distinct on (signup.id) signup.id, family.place
  from signup
  cross join lateral jsonb_array_elements(signup.party) with ordinality as member (person, nth)
  left join chassis.alias as alias on alias.merged_id = (member.person ->> 'person_id')::uuid
  join family on family.person_id = coalesce(alias.kept_id, (member.person ->> 'person_id')::uuid)
    and family.days @> (signup.signed_up_at at time zone 'Europe/Copenhagen')::date
  where signup.programme = :programme
  order by signup.id, member.nth
) as home on home.id = signup.id
where signup.programme = :programme and not exists (
  select from jsonb_to_recordset(signup.party) as member (person_id uuid)
  left join chassis.alias as alias on alias.merged_id = member.person_id
  join left_out on left_out.person_id = coalesce(alias.kept_id, member.person_id)
)
