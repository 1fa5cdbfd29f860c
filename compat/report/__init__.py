"""The report of a proof: one HTML file that needs nothing else."""

from mmmigrate.compat.report.write import report_html, write_report

__all__ = ["report_html", "write_report"]
