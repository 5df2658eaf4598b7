-- When the attempt before the last one was: what one statement counts, it can say how long to wait for.
alter table throttles add column before_at timestamptz;
