-- One row for each seat at each session that has begun: every person of every seated party, and whoever came without a seat.
-- Where nobody recorded whether the person came, the state is unknown. Sessions of activities that were called off do not count.
select
  case when seen.state in ('present', 'late') then 'attended' else coalesce(seen.state, 'unknown') end as part,
  coalesce(seen.person_id, seat.person_id) as contributor,
  coalesce(seen.held_on, seat.held_on) as day,
  coalesce(family.place, coalesce(activity.district, 'unknown') || '/' || coalesce(activity.institution, 'unknown')) as place,
  to_char(coalesce(seen.held_on, seat.held_on), 'YYYY/YYYY-MM') as month,
  coalesce(seen.kind, seat.kind) as kind,
  coalesce(seen.state, 'unknown') as state
from (
  select distinct on (session.session_id, coalesce(alias.kept_id, member.person_id))
    session.session_id,
    coalesce(alias.kept_id, member.person_id) as person_id,
    signup.activity_id,
    signup.kind,
    (session.starts_at at time zone 'Europe/Copenhagen')::date as held_on
  from signup
  join activity on activity.id = signup.activity_id and activity.status <> 'called-off'
  cross join lateral jsonb_to_recordset(activity.sessions) as session (session_id uuid, starts_at timestamptz)
  cross join lateral jsonb_to_recordset(signup.party) as member (person_id uuid)
  left join chassis.alias as alias on alias.merged_id = member.person_id
  where signup.programme = :programme and signup.state in ('seated', 'promoted') and session.starts_at <= :now
  order by session.session_id, coalesce(alias.kept_id, member.person_id), signup.id
) as seat
full join (
  select distinct on (session_id, coalesce(alias.kept_id, person_id))
    session_id, coalesce(alias.kept_id, person_id) as person_id, activity_id, kind, state, held_on
  from attendance left join chassis.alias as alias on alias.merged_id = person_id
  where programme = :programme
  order by session_id, coalesce(alias.kept_id, person_id), as_of desc nulls last, id
) as seen on seen.session_id = seat.session_id and seen.person_id = seat.person_id
left join activity on activity.id = coalesce(seen.activity_id, seat.activity_id)
left join family on family.person_id = coalesce(seen.person_id, seat.person_id)
  and family.days @> coalesce(seen.held_on, seat.held_on)
