"""What advice may cost. Tokens are counted, money is integer millionths of a US dollar. Pure."""

from dataclasses import dataclass

from thaman_contracts.money import ceil_div

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens sent and received; ``estimated`` where some calls did not say, and the most they can have used counts."""

    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.input_tokens + self.output_tokens

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """Millionths of a US dollar for a million tokens; zero is a real price (a model of one's own)."""

    input: int
    output: int

    def cost(self, usage: Usage) -> int:
        """What the usage costs, in millionths of a US dollar, rounded up."""
        return ceil_div(usage.input_tokens * self.input + usage.output_tokens * self.output, _MILLION)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may still be used: tokens, and money in millionths of a US dollar."""

    tokens: int
    micro_usd: int

    def permits(self, usage: Usage, prices: TokenPrices) -> bool:
        """Whether so much is within it."""
        return usage.tokens <= self.tokens and prices.cost(usage) <= self.micro_usd

    def less(self, tokens: int, micro_usd: int) -> "Allowance":
        """What is left after so much was used; never below nothing."""
        return Allowance(max(0, self.tokens - tokens), max(0, self.micro_usd - micro_usd))

    def least(self, other: "Allowance") -> "Allowance":
        """What both allow."""
        return Allowance(min(self.tokens, other.tokens), min(self.micro_usd, other.micro_usd))
