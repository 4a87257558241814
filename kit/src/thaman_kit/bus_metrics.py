"""Prometheus metrics of relay, consumers and dead letters."""

from thaman_kit.metrics import counter, gauge, histogram

RELAY_PUBLISHED = counter("relay_published_events", "Events published to the bus.", ["service"])
RELAY_SKIPPED = counter("relay_skipped_events", "Events that cannot be published; see dead letters.", ["service"])
RELAY_FAILURES = counter("relay_failures", "Passes of the relay that failed and were repeated.", ["service"])
RELAY_LAG = gauge("relay_lag_events", "Places of the log that the relay has not passed yet.", ["service"])
RELAY_LAST_SUCCESS = gauge("relay_last_success_timestamp_seconds", "When the relay last looked.", ["service"])
RELAY_LEADER = gauge("relay_leader", "1 where this process publishes.", ["service"])

CONSUMED = counter("consumer_messages", "Messages by outcome.", ["consumer", "upstream", "outcome"])
BATCH_SECONDS = histogram("consumer_batch_seconds", "Time from a batch's arrival to its verdict.", ["consumer"])
PENDING = gauge("consumer_pending_messages", "Messages not delivered yet.", ["durable"])
ACK_PENDING = gauge("consumer_ack_pending_messages", "Messages delivered and not settled.", ["durable"])
REDELIVERED = gauge("consumer_redelivered_messages", "Messages in hand for another time.", ["durable"])
HEALED = counter("consumer_healed", "Streams or consumers that had to be made anew.", ["consumer"])

DEAD_LETTERS_OPEN = gauge("dead_letters_open", "Messages parked or waiting behind a parked one.", ["consumer"])
STORES_PARKED = gauge("parked_stores", "Stores whose messages wait, once per upstream.", ["consumer"])
