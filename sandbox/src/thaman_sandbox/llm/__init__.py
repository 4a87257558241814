"""A language model that is none: an OpenAI-compatible endpoint whose answers follow rules, for demos and tests."""
