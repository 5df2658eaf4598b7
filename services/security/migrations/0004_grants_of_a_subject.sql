-- What somebody holds at a place, and what one giver gave them, is found without reading all that they hold.
create index grants_subject_place on grants (subject, place);
create index grants_subject_giver on grants (subject, granted_by);
