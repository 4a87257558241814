"""The merchant's pages, in Arabic and English: templates, texts, amounts and times, the chart, the static files."""
