-- Who is suspended is let in by nothing.
alter table accounts add column suspended_at timestamptz;
alter table accounts add column suspension_reason text;
