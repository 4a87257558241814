"""Texts of long questions: what is being done, how far it is, and why there is no answer."""

from collections.abc import Mapping

from thaman_dashboard.pages.plurals import Forms

ARABIC: Mapping[str, str | Forms] = {
    "inquiry.goes_on": "الجواب قيد الإعداد",
    "inquiry.waits": "ينتظر السؤال دوره.",
    "inquiry.doing.walk": "خدمة التدقيق تمر على السلسلة قيدًا قيدًا.",
    "inquiry.doing.effect": "محرك التسعير يحسب حدود كل منتج بما أدخلته.",
    "inquiry.doing.what_if": "محرك التسعير يحكم على المنتجات بهذه السياسة وبما هو سارٍ.",
    "inquiry.since": "منذ السؤال:",
    "inquiry.proven": "وُجد {done} من {of} قيد سليمًا",
    "inquiry.begun_again": "انقطع العمل وبدأ من جديد.",
    "inquiry.may_leave": "يمكنك ترك هذه الصفحة والعودة إليها؛ يبقى الجواب فيها يومًا.",
    "inquiry.look_again": "انظر مرة أخرى",
    "inquiry.answered": "هذا الجواب من",
    "inquiry.ask_again": "اسأل مرة أخرى",
    "inquiry.failed": "لم يأت جواب",
    "inquiry.refused.owner_away": "لا تجيب الخدمة المسؤولة الآن. لم يتغيّر شيء. حاول بعد دقيقة.",
    "inquiry.refused.owner_unsure": "سُئلت الخدمة المسؤولة ولم يصل جوابها. لم يتغيّر شيء. حاول مرة أخرى.",
    "inquiry.refused.interrupted": "انقطع العمل على الجواب. لم يتغيّر شيء. اسأل مرة أخرى.",
    "inquiry.refused.not_found": "لا تعرف الخدمة المسؤولة ما سُئلت عنه. لم يتغيّر شيء.",
    "inquiry.refused.other": "رفضت الخدمة المسؤولة السؤال. لم يتغيّر شيء.",
    "audit.verify_lead": (
        "تُحسب بصمة كل قيد من جديد من أول السلسلة. في السلاسل الطويلة يستغرق ذلك ثواني، وترى إلى أين وصل."
    ),
    "settings.effect.crowded": "أسئلة كثيرة تنتظر جوابها. يمكنك الحفظ دون معرفة الأثر، أو المحاولة بعد دقيقة.",
    "problem.too_many_inquiries.title": "أسئلة كثيرة تنتظر جوابها",
    "problem.too_many_inquiries.why": "تعمل الخدمات على أسئلة أخرى، وسؤال آخر لن يفعل إلا أن ينتظر. لم يتغيّر شيء.",
    "problem.too_many_inquiries.step": "انتظر دقيقة ثم حاول مرة أخرى.",
}

ENGLISH: Mapping[str, str | Forms] = {
    "inquiry.goes_on": "The answer is on its way",
    "inquiry.waits": "The question waits for its turn.",
    "inquiry.doing.walk": "The audit walks along the chain, entry by entry.",
    "inquiry.doing.effect": "The pricing engine works out every product's limits by what you typed.",
    "inquiry.doing.what_if": "The pricing engine judges products by this policy and by what is live.",
    "inquiry.since": "Since you asked:",
    "inquiry.proven": "{done} of {of} entries found good",
    "inquiry.begun_again": "The work was interrupted and has begun anew.",
    "inquiry.may_leave": "You may leave this page and come back to it; the answer stays here for a day.",
    "inquiry.look_again": "Look again",
    "inquiry.answered": "This answer is of",
    "inquiry.ask_again": "Ask again",
    "inquiry.failed": "There is no answer",
    "inquiry.refused.owner_away": "The service in charge does not answer now. Nothing has changed. Try in a minute.",
    "inquiry.refused.owner_unsure": (
        "The service in charge was asked, but its answer did not arrive. Nothing has changed. Try again."
    ),
    "inquiry.refused.interrupted": "The work on it was interrupted. Nothing has changed. Ask again.",
    "inquiry.refused.not_found": "The service in charge does not know what it was asked about. Nothing has changed.",
    "inquiry.refused.other": "The service in charge refused the question. Nothing has changed.",
    "audit.verify_lead": (
        "Each entry's hash is worked out anew from the first one on. With a long chain that takes seconds, and you see"
        " how far it is."
    ),
    "settings.effect.crowded": (
        "Many questions wait for their answer. You can save without knowing the effect, or try again in a minute."
    ),
    "problem.too_many_inquiries.title": "Many questions wait for their answer",
    "problem.too_many_inquiries.why": (
        "The services work on other questions, and one more would only wait, too. Nothing has changed."
    ),
    "problem.too_many_inquiries.step": "Wait a minute, then try again.",
}
