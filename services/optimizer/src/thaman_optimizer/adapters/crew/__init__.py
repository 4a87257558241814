"""A crew of agents on CrewAI, and the endpoint it talks to. Only ``agents`` and ``llm`` import CrewAI itself."""
