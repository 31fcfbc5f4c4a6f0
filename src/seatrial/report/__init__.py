"""The report, one module an output format: each a function of the `Report` alone (design: verdicts.md, report.md).

`json`, `html`, `junit`, `sarif`, `markdown`: `render(report, ...)`. `terminal`: the live matrix and plain lines, which
listen to events, and the final text. A new format is a new module here.
"""
