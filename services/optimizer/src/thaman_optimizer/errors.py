"""What can go wrong in the optimizer.

    OptimizerError
    ├── NotFound
    │   ├── StoreUnknown        no such store is connected here
    │   ├── RunUnknown          the store has no such run
    │   ├── ProposalUnknown     the store has no such proposal
    │   ├── PolicyUnknown       the store has no such policy
    │   ├── SourceUnknown       the store has no such source of listings
    │   ├── MatchUnknown        the store has no such match
    │   ├── DecisionUnknown     the store has no such decision
    │   ├── UndoUnknown         the store has no such undo
    │   └── ItemsUnknown        the store's catalogue has no such items
    ├── ProposalError           a proposal cannot be answered now
    │   ├── ProposalClosed      it was answered, or has expired, before
    │   ├── InputsChanged       what it was computed from is no longer so; it was expired instead
    │   ├── ShownSomethingElse  the person looked at another version of it
    │   ├── WriteInFlight       an earlier price of the item is still being written
    │   └── StoreNotPriced      pricing of the store is stopped, paused or not entitled
    ├── PolicyError             a policy cannot be drafted or staged as asked
    │   ├── PolicyStageRefused  no way leads from its stage to the one asked for
    │   ├── PolicyShareWrong    a share that does not go with the stage
    │   ├── PolicyRefused       a policy that cannot be kept: too large, or unstorable text
    │   ├── PolicyBookFull      the store has as many policies as it can have
    │   └── IdempotencyKeyReused  the key drafted another policy before
    ├── UndoRefused             an undo that cannot be planned as asked
    ├── RunError                a run's events do not follow each other
    ├── AdviceFailed            the pricing engine gave no answer for a store
    ├── LinkRefused             a competitor link that must not be fetched
    ├── SourceRefused           a source of listings that cannot be looked into
    ├── SearchFailed            a search engine gave no hits that could be used
    │   └── SearchRefused       it will give none until somebody changes something, so it is not asked again
    └── PageError               a competitor's page gave no answer
        ├── PageRefused         robots.txt or our own rules forbid it
        ├── PageUnreachable     no answer in time, or an error answer
        │   └── SiteRests       its site asked to be left alone before
        └── PageUnreadable      too large, or not text

Messages say what happened, why, and what to do next.
"""


class OptimizerError(Exception):
    """Root of every error the optimizer raises on purpose."""


class NotFound(OptimizerError):
    """What was asked for does not exist for this store."""


class StoreUnknown(NotFound):
    """No such store has been connected."""


class RunUnknown(NotFound):
    """The store has no run of that id."""


class ProposalUnknown(NotFound):
    """The store has no proposal of that id."""


class PolicyUnknown(NotFound):
    """The store has no policy of that version."""


class SourceUnknown(NotFound):
    """The store has no source of listings of that name."""


class MatchUnknown(NotFound):
    """The store has no match of that id."""


class DecisionUnknown(NotFound):
    """The store has no decision of that id."""


class UndoUnknown(NotFound):
    """The store has no undo of that id."""


class ItemsUnknown(NotFound):
    """The store's catalogue, as last read, has no such items."""


class ProposalError(OptimizerError):
    """A proposal cannot be answered as asked."""


class ProposalClosed(ProposalError):
    """The proposal is no longer waiting for an answer."""


class InputsChanged(ProposalError):
    """Price, cost, limits or settings changed since the proposal was made, so it lapsed; the next run makes another."""


class ShownSomethingElse(ProposalError):
    """The digest sent along is not this proposal's: reload it and look again."""


class WriteInFlight(ProposalError):
    """An earlier price of the same item is being written; answer again once it is settled."""


class StoreNotPriced(ProposalError):
    """The store's prices may not be written now; the message says why."""


class PolicyError(OptimizerError):
    """A policy cannot be drafted or staged as asked."""


class PolicyStageRefused(PolicyError):
    """No way leads from the policy's stage to the one asked for; the message says which do."""


class PolicyShareWrong(PolicyError):
    """A canary without a share of products, or a share with a stage that has none."""


class PolicyRefused(PolicyError):
    """A policy that cannot be kept: it is too large, or has text that cannot be stored."""


class PolicyBookFull(PolicyError):
    """The store has as many policies as it can have."""


class IdempotencyKeyReused(PolicyError):
    """The idempotency key was used before, for another policy."""


class UndoRefused(OptimizerError):
    """An undo names an instant to come, or more than one undo looks at."""


class RunError(OptimizerError):
    """A run was told something that does not follow from its state."""


class AdviceFailed(OptimizerError):
    """The pricing engine gave no answer; the run fails, and no price is made in another way."""


class LinkRefused(OptimizerError):
    """A competitor link is not a public web address."""


class SourceRefused(OptimizerError):
    """A source of listings that cannot be looked into as it is described; the message says what is wrong."""


class SearchFailed(OptimizerError):
    """A search engine gave no answer, or one that is not understood; the next query may do better."""


class SearchRefused(SearchFailed):
    """A search engine refuses the key, or has had enough of its queries for now; the message says what to do."""


class PageError(OptimizerError):
    """A competitor's page gave no answer that could be read."""


class PageRefused(PageError):
    """The site's robots.txt, or our own rules for addresses, forbid reading the page."""


class PageUnreachable(PageError):
    """The page did not answer in time, or answered with an error."""


class SiteRests(PageUnreachable):
    """The site has answered that it has had enough of us, and is asked for nothing more in this session."""


class PageUnreadable(PageError):
    """The page is larger than we read, or not text."""
