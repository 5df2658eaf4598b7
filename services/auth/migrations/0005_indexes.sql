-- What the hourly clearing looks for.
create index sessions_ended on sessions (ended_at) where ended_at is not null;
create index refresh_tokens_seeds on refresh_tokens (used_at) where seed is not null;
create index devices_expiry on devices (expires_at);
