"""What registration can be asked to do, a file a subject, in the order of the story. Each function runs inside one unit of work.

programmes     a programme is loaded from its folder, compared with it, written out again
enrolling      other systems, staff and applicants ask for enrolments (`cases`: what becomes of each; `origins`: who asked)
sign_ups       somebody without an account asks for a link, proves his address, and asks for an enrolment
steps          an enrolment goes on: the next step, and what was, is and is expected
coming         steps that are dated ahead take effect on their day, or are called back before it
speaking       of whom another system may speak on the bus
families       how a guardian is reached, and what holds between him and a child
joining        a child that is there already gets another guardian
correcting     a child's or a guardian's name, a birth date or a number is put right
answers        what was answered to a programme's questions
agreements     consents are given and withdrawn after the enrolment
professionals  professionals take part
protections    somebody must not be found
merging        two records turn out to be one person's
erasing        somebody is erased in every service; `retention`: at night, by rules; `subject_access`: what is held of him
refreshing     everything is told again
"""
