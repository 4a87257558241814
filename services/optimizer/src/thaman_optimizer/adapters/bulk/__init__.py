"""The read models of a long history made at once, where the folds of :mod:`thaman_optimizer.adapters.published` take
event after event.

Most of a store's history is proposals, decisions and reports of their writes, and pages and offers that later ones
replace. Here bodies of those are read as plain JSON, what is replaced is forgotten in memory, and what remains goes in
by the page. The tables are the same as by the other folds, which tests hold for histories of every kind; what a body
lacks is a ``KeyError``, and then the other folds are to be asked.
"""
