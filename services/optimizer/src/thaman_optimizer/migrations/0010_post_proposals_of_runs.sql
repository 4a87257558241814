-- The index of 0009 begins with the same column.
DROP INDEX proposals_of_run;
