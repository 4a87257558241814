"""The one table from errors to Salla's answers, and the answers of faults."""

from thaman_sandbox import errors
from thaman_sandbox.oauth.exchange import CONTENT_TYPE, HEADERS
from thaman_sandbox.wire import Answer, refused
from thaman_sandbox.world import World

NO_LONGER = "The content you are trying to access is no longer available"
NOT_THERE_AR = "المحتوى الذي تحاول الوصول اليه غير متوفر"
INACTIVE_AR = "عفوا لا يمكنك تسجيل الدخول, حسابك غير مفعل"
FORBIDDEN_AR = "ليس لديك صلاحية لتعديل الخدمة"

_FIXED: dict[type[errors.SallaRefusal], tuple[int, str, str]] = {
    errors.TokenInvalid: (401, "Unauthorized", "The access token is invalid"),
    errors.UserDeleted: (401, "Unauthorized", "The User is not exists."),
    errors.UserInactive: (401, "Unauthorized", INACTIVE_AR),
    errors.NotAllowed: (403, "error", FORBIDDEN_AR),
    errors.WrongMethod: (405, "error", "The method is not supported for this route."),
    errors.BadBody: (400, "error", "The request body is not valid JSON."),
}

OAUTH_STATUS = {"invalid_client": 401, "invalid_grant": 400}


def answer_of(world: World, refusal: errors.SallaRefusal) -> Answer:
    """How Salla words this refusal."""
    if isinstance(refusal, errors.TooManyRequests):
        return too_many(refusal.retry_after)
    if isinstance(refusal, errors.ScopeMissing):
        wanted = ",".join(refusal.scopes)
        message = f"The access token should have access to one of those scopes: {wanted}"
        return refused(401, "Unauthorized", message)
    if isinstance(refusal, errors.FieldsInvalid):
        return refused(422, refusal.code, refusal.message, refusal.fields)
    if isinstance(refusal, errors.NotFound):
        return _not_found(world)
    return refused(*_FIXED[type(refusal)])


def _not_found(world: World) -> Answer:
    if world.switches.not_found_form == "arabic":
        return refused(404, "error", NOT_THERE_AR)
    error = {"code": 404, "message": NO_LONGER}
    return Answer(404, {"success": False, "status": 404, "error": error})


def too_many(retry_after: int, *, html: bool = False) -> Answer:
    """429 with ``Retry-After``."""
    answer = html_error(429) if html else refused(429, "error", "Too Many Attempts.")
    answer.headers["Retry-After"] = str(retry_after)
    return answer


def server_error() -> Answer:
    """A 500 in the envelope."""
    return refused(500, "error", "Server Error")


_TITLES = {429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Temporarily Unavailable"}


def html_error(status: int) -> Answer:
    """An error as a proxy in front of Salla would word it: HTML."""
    title = f"{status} {_TITLES[status]}"
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body>\r\n</html>"
    return Answer(status, raw=page.encode(), content_type="text/html; charset=UTF-8")


def oauth_answer(error: errors.OAuthError) -> Answer:
    """OAuth's own error shape, without Salla's envelope."""
    status = error.status or OAUTH_STATUS.get(error.code, 400)
    body = {"error": error.code, "error_description": error.description}
    return Answer(status, body, dict(HEADERS), content_type=CONTENT_TYPE)
