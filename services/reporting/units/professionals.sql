-- One row for each professional of the programme, at his own institution. He has taken part once he was present or late at a session.
select
  case when came.person_id is null then 'professionals-not-yet' else 'professionals-taking-part' end as part,
  professional.id as contributor,
  null::date as day,
  coalesce(professional.district, 'unknown') || '/' || coalesce(professional.institution, 'unknown') as place,
  professional.profession
from professional
left join (
  select distinct person_id from attendance where programme = :programme and state in ('present', 'late')
) as came on came.person_id = professional.id
where professional.programme = :programme
