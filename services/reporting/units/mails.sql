-- One row for each mail about an activity of the programme, in the month in which it was sent, given up or held back.
select
  'mails-' || mail.state as part,
  coalesce(alias.kept_id, mail.person_id) as contributor,
  (mail.as_of at time zone 'Europe/Copenhagen')::date as day,
  coalesce(to_char(mail.as_of at time zone 'Europe/Copenhagen', 'YYYY/YYYY-MM'), 'unknown/unknown') as month
from mail
join activity on activity.id = mail.activity_id and activity.programme = :programme
left join chassis.alias as alias on alias.merged_id = mail.person_id
