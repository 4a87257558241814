"""The outside of onboarding: Salla's servers, the vault's tables, SQL."""
