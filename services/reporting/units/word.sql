-- What has been said about each purpose of consent, for each child or adult that it is about. Each giver's last word counts,
-- and of two at the same time the withdrawal; one giver's withdrawal stands against the consent of the others.
select subject_id, purpose, case when bool_or(status = 'withdrawn') then 'withdrawn' else 'given' end as status
from (
  select distinct on (coalesce(alias.kept_id, subject_id), purpose, coalesce(giver.kept_id, giver_id, id))
    coalesce(alias.kept_id, subject_id) as subject_id, purpose, status
  from consent
  left join chassis.alias as alias on alias.merged_id = subject_id
  left join chassis.alias as giver on giver.merged_id = giver_id
  order by coalesce(alias.kept_id, subject_id), purpose, coalesce(giver.kept_id, giver_id, id), said_at desc nulls last, status desc
) as last_word
group by subject_id, purpose
