-- By its lane, what is known of somebody is found when they are to be forgotten. Events from before have none.
alter table event_log add column lane text;
create index event_log_lane on event_log (lane) where lane is not null;
