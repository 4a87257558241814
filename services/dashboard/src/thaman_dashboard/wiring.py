"""The parts behind the pages, built on the container's. Only the api needs them, and the owners' key with them."""

from datetime import timedelta

from pydantic import TypeAdapter

from thaman_dashboard.adapters.analytics_reading import AnalyticsReading
from thaman_dashboard.adapters.answering import AnswerTables, QueueReading
from thaman_dashboard.adapters.audit_owners import HttpRecords, HttpUndos
from thaman_dashboard.adapters.audit_reading import AuditReading
from thaman_dashboard.adapters.introspection import SallaIntrospection
from thaman_dashboard.adapters.licences_owners import HttpKeyOwners, HttpLicenceOwners
from thaman_dashboard.adapters.notifications import NotificationTables
from thaman_dashboard.adapters.operator_owners import HttpSystemOwner
from thaman_dashboard.adapters.owners import HttpOwners
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.adapters.policies_owners import HttpPolicyOwners
from thaman_dashboard.adapters.products_owners import HttpProductOwners
from thaman_dashboard.adapters.products_reading import ProductReading
from thaman_dashboard.adapters.products_sheets import SheetTables
from thaman_dashboard.adapters.runs import HttpRunOwner, RunsReading
from thaman_dashboard.adapters.settings_owners import HttpSettingsOwners
from thaman_dashboard.adapters.sheet_files import SheetFiles
from thaman_dashboard.answering import Answering, ApprovalParts, Sender
from thaman_dashboard.application import Commands
from thaman_dashboard.arrivals import Arrivals
from thaman_dashboard.audit_ports import AuditDesk, Records, Walk
from thaman_dashboard.bootstrap import Container
from thaman_dashboard.desk import Desk
from thaman_dashboard.embedded import Embedded
from thaman_dashboard.inquiring import Asker, Inquiring, InquiryParts, Question
from thaman_dashboard.inquiry_ports import Kind
from thaman_dashboard.live import LiveHub, LiveParts
from thaman_dashboard.operators import LONGEST as OPERATOR_LONGEST
from thaman_dashboard.operators import Operators
from thaman_dashboard.owner_ports import Owners
from thaman_dashboard.pages.render import Pages
from thaman_dashboard.patience import PATIENCE
from thaman_dashboard.people import People
from thaman_dashboard.policies_ports import PolicyOwners, WhatIf
from thaman_dashboard.product_commands import ProductCommands
from thaman_dashboard.product_desk import ProductDesk
from thaman_dashboard.product_sheets import ProductSheets
from thaman_dashboard.run_ports import RunParts
from thaman_dashboard.settings_ports import Effect, SettingsOwners
from thaman_dashboard.sign_in import SignIn
from thaman_dashboard.visits import SessionCookie


def build_owners(container: Container) -> OwnersHttp:
    """The way to the owners' APIs; to be closed at the end.

    Raises:
        SettingsError: the settings have no key to call them with.
    """
    settings = container.settings
    addresses = {
        "onboarding": settings.dashboard_onboarding_url,
        "scheduler": settings.dashboard_scheduler_url,
        "optimizer": settings.dashboard_optimizer_url,
        "audit": settings.dashboard_audit_url,
    }
    return OwnersHttp(settings.owners_key(), addresses)


def build_desk(
    container: Container, http: OwnersHttp, patience: float = PATIENCE, grace: timedelta | None = None
) -> Desk:
    """Everything the endpoints are given; ``patience`` as of :class:`~thaman_dashboard.application.Commands`, ``grace``
    as of :class:`~thaman_dashboard.answering.Answering` in place of the settings'."""
    settings, own, read_models, clock = container.settings, container.own, container.read_models, container.clock
    owners, cookie = HttpOwners(http), SessionCookie(settings.public_url)
    sign_in, records = SignIn(own, read_models, clock), HttpRecords(http)
    settings_owners, policy_owners = HttpSettingsOwners(http), HttpPolicyOwners(http)
    return Desk(
        public_url=settings.public_url,
        onboarding_public_url=settings.onboarding_public_url,
        read_models=read_models,
        own=own,
        owners=owners,
        settings_owners=settings_owners,
        policy_owners=policy_owners,
        licence_owners=HttpLicenceOwners(http),
        key_owners=HttpKeyOwners(http),
        notifications=NotificationTables(container.application.database),
        sign_in=sign_in,
        people=People(container.people, own, clock),
        arrivals=Arrivals(settings.handover_key, own, read_models, sign_in, clock, patience),
        embedded=_embedded(container, sign_in),
        operators=Operators(container.operators, HttpSystemOwner(http), read_models, sign_in, clock, patience),
        operator_cookie=SessionCookie(settings.public_url, "operator", OPERATOR_LONGEST),
        commands=Commands(owners, read_models, patience),
        live=LiveParts(LiveHub()),
        runs=RunParts(RunsReading(container.application.database), HttpRunOwner(http)),
        approvals=_approvals(container, owners, patience, grace),
        inquiries=_inquiries(container, records, settings_owners, policy_owners),
        analytics=AnalyticsReading(container.application.database),
        audit=AuditDesk(records, HttpUndos(http), AuditReading(container.application.database)),
        products=_products(container, http, owners, patience),
        pages=Pages(clock, secure=cookie.secure, brand=settings.brand()),
        cookie=cookie,
        clock=clock,
    )


def _embedded(container: Container, sign_in: SignIn) -> Embedded | None:
    """The page inside Salla's admin, where the app's number is known."""
    settings, clock = container.settings, container.clock
    if settings.dashboard_salla_app_id is None:
        return None
    introspection = SallaIntrospection(settings.dashboard_salla_url, settings.dashboard_salla_app_id, clock)
    role, origins = settings.dashboard_embedded_role, settings.dashboard_frame_origins
    return Embedded(introspection, container.people, container.read_models, sign_in, clock, role, origins)


def _products(container: Container, http: OwnersHttp, owners: Owners, patience: float) -> ProductDesk:
    rows, asked = ProductReading(container.application.database), HttpProductOwners(http)
    sheets = ProductSheets(SheetFiles(), SheetTables(container.application.database), asked, container.clock)
    return ProductDesk(rows, asked, ProductCommands(owners, asked, rows, container.read_models, patience), sheets)


def _approvals(container: Container, owners: Owners, patience: float, grace: timedelta | None) -> ApprovalParts:
    database, clock = container.application.database, container.clock
    given = timedelta(seconds=container.settings.dashboard_grace_seconds) if grace is None else grace
    answers = AnswerTables(database)
    sender = Sender(owners, answers, clock)
    answering = Answering(answers, sender, container.read_models, clock, grace=given, patience=patience)
    return ApprovalParts(QueueReading(database), answers, answering, sender)


def _inquiries(
    container: Container, records: Records, settings: SettingsOwners, policies: PolicyOwners
) -> InquiryParts:
    questions = {
        Kind.WALK: Question(lambda store, _, tell: records.walk(store, tell), TypeAdapter(Walk)),
        Kind.EFFECT: Question(lambda store, asked, _: settings.effect(store, asked["changes"]), TypeAdapter(Effect)),
        Kind.WHAT_IF: Question(
            lambda store, asked, _: policies.what_if(store, asked["version"], asked["over"], asked["days"]),
            TypeAdapter(WhatIf),
        ),
    }
    tables, clock = container.inquiries, container.clock
    return InquiryParts(Inquiring(tables, questions, clock), Asker(tables, questions, clock))
