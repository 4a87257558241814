"""Events of the audit."""

from typing import Annotated

from pydantic import Field

from thaman_contracts.events.base import EventData


class CheckpointSealed(EventData, service="audit"):
    """The heads of all chains under one root. Travels under 'system'."""

    number: Annotated[int, Field(strict=True, ge=1)]
    stores: Annotated[int, Field(strict=True, ge=0)]
    entries: Annotated[int, Field(strict=True, ge=0)]
    root: str
