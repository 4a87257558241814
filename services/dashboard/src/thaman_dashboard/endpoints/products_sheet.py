"""Products as a sheet: taken away as CSV or XLSX, and brought back with costs and limits, shown before it is done."""

import hmac
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.desk import AtDesk, Desk
from thaman_dashboard.pages.notices import Notice
from thaman_dashboard.permissions import Deed, require
from thaman_dashboard.product_sheet_ports import SheetUnreadable
from thaman_dashboard.visits import SureVisitor, Visit, Visitor, foreign, from_our_pages, posted
from thaman_kit.language import language_of
from thaman_kit.problems import not_found

MOST_BYTES = 2_000_000
MULTIPART = "multipart/form-data"
SHOWN = 1_000
"""Changes and faults on the page; the counts are of all."""

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
router = APIRouter(prefix="/products/sheet", dependencies=[Depends(from_our_pages)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Upload:
    """A form with a file; ``body`` is ``None`` where it brings none."""

    visit: Visit
    body: bytes | None


async def upload_of(request: Request, visit: Visitor) -> Upload:
    """The file of a form that carries its session's token; a form without a file comes like any other.

    Raises:
        Problem: 403, the form is of another session, or of none; 415, it is no form.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MULTIPART:
        token, body = (await posted(request)).one("csrf"), None
    else:
        async with request.form(max_files=1, max_fields=4) as form:
            said, file = form.get("csrf"), form.get("sheet")
            token = said if isinstance(said, str) else ""
            body = await file.read(MOST_BYTES + 1) if isinstance(file, UploadFile) and file.filename else None
    if not hmac.compare_digest(token.encode(), visit.session.csrf.encode()):
        raise foreign()
    return Upload(visit, body)


@router.get("")
def sheet(request: Request, desk: AtDesk, visit: Visitor) -> Response:
    """How to take the sheet away and bring it back."""
    return _page(request, desk, visit, None)


@router.get("/products.{kind}")
def download(request: Request, desk: AtDesk, visit: Visitor, kind: str) -> Response:
    """All products as a file."""
    if kind not in TYPES:
        raise not_found("file")
    body = desk.products.sheets.file(visit.session, kind, language_of(request))
    headers = {"Content-Disposition": f'attachment; filename="products-{visit.store_id}.{kind}"'}
    return Response(body, media_type=TYPES[kind], headers=headers | {"Cache-Control": "no-store"})


@router.post("")
async def bring(request: Request, desk: AtDesk, upload: Annotated[Upload, Depends(upload_of)]) -> Response:
    """Read a sheet, and go on to what it would change."""
    require(upload.visit.session.role, Deed.LIMITS)
    if upload.body is None or not upload.body:
        return await run_in_threadpool(_page, request, desk, upload.visit, "products.sheet.no_file")
    if len(upload.body) > MOST_BYTES:
        return await run_in_threadpool(_page, request, desk, upload.visit, "products.sheet.bad_too_large")
    try:
        sheet_id = await run_in_threadpool(desk.products.sheets.bring, upload.visit.session, upload.body)
    except SheetUnreadable as error:
        return await run_in_threadpool(_page, request, desk, upload.visit, f"products.sheet.bad_{error.code}")
    return desk.pages.move(f"/products/sheet/{sheet_id}")


@router.get("/{sheet_id}")
def preview(request: Request, desk: AtDesk, visit: Visitor, sheet_id: UUID) -> Response:
    """What a sheet would change and what is wrong in it, or what became of it."""
    found = desk.products.sheets.find(visit.session, sheet_id)
    if found is None:
        raise not_found("sheet")
    return desk.pages.show(
        request, "products_sheet_preview.html", visit=visit, sheet=found, said=found.document, shown=SHOWN
    )


@router.post("/{sheet_id}")
def confirm(desk: AtDesk, visit: SureVisitor, sheet_id: UUID) -> Response:
    """Carry it out."""
    if not desk.products.sheets.apply(visit.session, sheet_id):
        raise not_found("sheet")
    return desk.pages.move(f"/products/sheet/{sheet_id}", Notice("sheet_done"))


def _page(request: Request, desk: Desk, visit: Visit, wrong: str | None) -> Response:
    return desk.pages.show(request, "products_sheet.html", visit=visit, status=422 if wrong else 200, wrong=wrong)
