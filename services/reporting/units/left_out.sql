-- Who is in no figure: the consent to be counted in statistics was withdrawn, by a guardian for a child or by an adult for himself.
select subject_id as person_id from word where purpose = 'statistics' and status = 'withdrawn'
