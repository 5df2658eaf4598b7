-- Whether any job is due is asked again and again, also while many wait for a later time.
create index job_waiting on job (run_at) where state = 'ready';
