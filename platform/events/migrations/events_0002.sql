-- Only a search by group finds this index; the search for the first of a lane is left the lane's own.
drop index event_inbox_ready;
create index event_inbox_ready on event_inbox (group_name, seq) where state = 'ready' and envelope is not null;
