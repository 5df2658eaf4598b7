-- Claims go through the jobs of one kind in the order they are done in, and read no more than they take.
drop index job_due;
create index job_due on job (kind, priority desc, run_at, id) where state = 'ready';
-- Only the question whether any is due finds this one.
drop index job_waiting;
create index job_waiting on job (run_at) where state = 'ready' and finished_at is null;
