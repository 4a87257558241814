"""A market with a known truth, in which prices are set by rules, by the engine and by somebody who knows everything."""
