-- What a merchant says an item costs, in place of Salla's cost (halalas without VAT), and how much may be done alone.

ALTER TABLE item_rules ADD COLUMN cost bigint, ADD COLUMN mode text;
