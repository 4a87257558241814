"""For the tests of all parts."""

from hypothesis import settings

# No test is judged by the clock: on a busy machine a single example has waited for a quarter of a second.
settings.register_profile("thaman", deadline=None)
settings.load_profile("thaman")
