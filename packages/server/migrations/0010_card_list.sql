-- Up Migration

-- The console's list of cards. An import, whose rows come by serial_no, fills each index from one side; together they add
-- about a fifth to the database's time for it.

-- The cards of one state by serial_no. A page of those with, say, one sim_status is merged from the states that have it,
-- however rare they are.
create index card_state_serial_no_idx on card (carrier, sim_status, gprs_status, cycle_day, serial_no);

-- An account's cards page by page, as before, with all that a list of them may be narrowed to.
drop index card_account_no_serial_no_idx;
create index card_account_no_serial_no_idx on card (account_no, serial_no)
  include (sim_status, gprs_status, carrier, cycle_day);

-- The latest first: what was imported last.
create index card_created_at_idx on card (created_at, serial_no);
