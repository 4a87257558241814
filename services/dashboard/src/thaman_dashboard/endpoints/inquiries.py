"""What the pages of long questions share."""

from uuid import UUID

from thaman_dashboard.desk import Desk
from thaman_dashboard.inquiry_ports import Inquiry, Kind
from thaman_dashboard.visits import Visit
from thaman_kit.problems import not_found


def question(desk: Desk, visit: Visit, kind: Kind, inquiry_id: UUID) -> Inquiry:
    """A question of the visit's store.

    Raises:
        NotAllowed: the role permits neither it nor its answer.
        Problem: 404, there is none of this kind.
    """
    found = desk.inquiries.inquiring.find(visit.session, kind, inquiry_id)
    if found is None:
        raise not_found("question")
    return found
