"""The HTTP API of undo: look first, then put earlier prices back."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from fastapi import APIRouter

from thaman_kit.problems import Problem, not_found, unprocessable
from thaman_optimizer import errors
from thaman_optimizer.bootstrap import Container
from thaman_optimizer.parameters import Caller, Key
from thaman_optimizer.undo_shapes import UndoBody, UndoneView, UndoNowBody, UndoPlanView, plan_view, undone_view

UNDO_PROBLEMS: Mapping[type[errors.OptimizerError], Callable[[Any], Problem]] = {
    errors.DecisionUnknown: lambda _: not_found("decision", "GET /stores/{store_id}/decisions lists those there are."),
    errors.UndoUnknown: lambda _: not_found("undo"),
    errors.UndoRefused: lambda error: unprocessable(
        "undo_refused", str(error), "Correct the request and send it again."
    ),
}


def undo_endpoints(router: APIRouter, container: Container) -> None:
    """Add what is asked of undo to a store's endpoints."""
    undoing = container.undoing

    @router.post("/undo/preview")
    def preview(store_id: str, caller: Caller, body: UndoBody) -> UndoPlanView:
        """What an undo would do now. Nothing is changed. Also tells which prices a run, a policy or a rival's offer
        touched."""
        return plan_view(undoing.preview(store_id, body.wanted()))

    @router.post("/undo", status_code=202)
    def undo(store_id: str, caller: Caller, body: UndoNowBody, idempotency_key: Key = None) -> UndoneView:
        """Put earlier prices back. Items whose price was changed since are left alone and listed; the others are
        written like any decision, and are left alone by runs for as long as a price that was edited by hand."""
        done = undoing.undo(store_id, body.wanted(), caller.key_id, body.shown_digest, idempotency_key)
        return undone_view(done)

    @router.get("/undo/{undo_id}")
    def one_undo(store_id: str, undo_id: UUID, caller: Caller) -> UndoneView:
        """An undo with what became of its decisions. To take it back, undo it as a ``run`` of that id."""
        return undone_view(undoing.look_up(store_id, undo_id))
