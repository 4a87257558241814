"""What endpoints are given: the service's container, and who calls."""

from typing import Annotated

from fastapi import Depends, Request

from thaman_kit.auth import Principal, require_key, require_operator, require_store
from thaman_onboarding.bootstrap import Container


def container_of(request: Request) -> Container:
    """The container that the application was built with."""
    container = request.app.state.container
    assert isinstance(container, Container)
    return container


Services = Annotated[Container, Depends(container_of)]
AnyKey = Annotated[Principal, Depends(require_key)]
Operator = Annotated[Principal, Depends(require_operator)]
StoreKey = Annotated[Principal, Depends(require_store)]


def who(principal: Principal) -> str:
    """How a caller is named in events: by the key, never by a person."""
    return f"{principal.scope}:{principal.key_id}"
