"""A bill as a PDF."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TableCellFillMode
from fpdf.fonts import FontFace

from tmf.tmf678_billing.paper import BillView

_FONT = "OpenSans"
_INK, _QUIET, _ACCENT, _BAND = (29, 39, 51), (91, 104, 118), (20, 80, 122), (242, 246, 250)
_WIDTHS = (34, 27, 9, 15, 15)


def rendered(view: BillView) -> bytes:
    """The file."""
    pdf = FPDF(format="A4")
    pdf.set_title(f"Bill {view.number}")
    pdf.set_auto_page_break(auto=True, margin=20)
    pdf.set_margins(20, 20)
    for style, file in (("", "OpenSans-Regular"), ("B", "OpenSans-SemiBold")):
        pdf.add_font(_FONT, style, _fonts() / f"{file}.ttf")
    pdf.add_page()
    _head(pdf, view)
    _lines(pdf, view)
    _sums(pdf, view)
    return bytes(pdf.output())


def _fonts() -> Path:
    found = find_spec("ttf_opensans")
    assert found is not None  # noqa: S101 (it is one of the program's requirements)
    assert found.origin is not None  # noqa: S101
    return Path(found.origin).parent / "ttf"


def _head(pdf: FPDF, view: BillView) -> None:
    pdf.set_text_color(*_ACCENT)
    pdf.set_font(_FONT, "B", 24)
    pdf.cell(text="Bill", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    stated = (
        ("Number", view.number),
        ("Customer", view.customer),
        ("Account", view.account),
        ("Date", view.date),
        ("Period", view.period),
        ("To be paid by", view.due),
    )
    for name, value in stated:
        if value:
            pdf.set_font(_FONT, "", 9.5)
            pdf.set_text_color(*_QUIET)
            pdf.cell(34, 5.5, name)
            pdf.set_text_color(*_INK)
            pdf.multi_cell(0, 5.5, value, new_x="LMARGIN", new_y="NEXT")
    pdf.ln(6)


def _lines(pdf: FPDF, view: BillView) -> None:
    pdf.set_font(_FONT, "", 8.5)
    pdf.set_text_color(*_INK)
    pdf.set_draw_color(226, 232, 238)
    heading = FontFace(emphasis="BOLD", color=_ACCENT)
    with pdf.table(
        col_widths=_WIDTHS,
        text_align=("LEFT", "LEFT", "RIGHT", "RIGHT", "RIGHT"),
        borders_layout="HORIZONTAL_LINES",
        headings_style=heading,
        line_height=5,
        padding=1,
        cell_fill_color=_BAND,
        cell_fill_mode=TableCellFillMode.ROWS,
    ) as table:
        table.row(("What", "For", "Tax", "Net", "Gross"))
        for line in view.lines:
            what = f"{line.what}\n{line.product}" if line.product else line.what
            table.row((what, line.period, line.tax, line.net, line.gross))
    pdf.ln(3)


def _sums(pdf: FPDF, view: BillView) -> None:
    sums = [("Before tax", view.net, False), *((name, one, False) for name, one in view.taxes)]
    sums.append(("Total", view.gross, True))
    sums += [(f"Paid ({payment})", amount, False) for payment, amount in view.paid]
    sums.append(("To be paid", view.remaining, True))
    for name, amount, strong in sums:
        pdf.set_font(_FONT, "B" if strong else "", 11 if strong else 9.5)
        pdf.set_text_color(*(_ACCENT if strong else _INK))
        pdf.cell(pdf.epw - 32, 6, name, align="R")
        pdf.cell(32, 6, amount, align="R", new_x="LMARGIN", new_y="NEXT")
