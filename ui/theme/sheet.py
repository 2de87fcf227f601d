"""Style sheets for the few stock controls that are not painted by our own widgets.

A sheet is set on the control itself, never on the application: an application-wide sheet makes Qt
restore old palettes when it is replaced, and labels would keep the inks of the look before.
"""

from ui.theme.tokens import Palette, Radius, Size, Space

_SCROLL_BAR = """
QScrollBar {{ background: transparent; margin: 0; }}
QScrollBar:vertical {{ width: {m}px; }}
QScrollBar:horizontal {{ height: {m}px; }}
QScrollBar::handle {{ background: {line2}; border-radius: {xs}px; }}
QScrollBar::handle:vertical {{ min-height: {target}px; margin: 0 {hair}px; }}
QScrollBar::handle:horizontal {{ min-width: {target}px; margin: {hair}px 0; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""

_LINE_EDIT = """
QLineEdit {{ background: {surface}; color: {ink}; border: 2px solid {line2};
  border-radius: {button}px; padding: 0 {m}px; selection-background-color: {primary};
  selection-color: {onprimary}; }}
QLineEdit:focus {{ border: {ring}px solid {focus}; }}
QLineEdit:disabled {{ background: {sunken}; color: {ink3}; }}
"""


def scroll_bar_sheet(palette: Palette) -> str:
    """Sheet of a scroll bar; every value in it is a token."""
    return _SCROLL_BAR.format(
        line2=palette.line2,
        hair=int(Space.HAIR),
        xs=int(Space.XS),
        m=int(Space.M),
        target=int(Size.TARGET_MIN),
    )


def line_edit_sheet(palette: Palette) -> str:
    """Sheet of a line of text; every value in it is a token."""
    return _LINE_EDIT.format(
        surface=palette.surface,
        sunken=palette.sunken,
        ink=palette.ink,
        ink3=palette.ink3,
        line2=palette.line2,
        primary=palette.primary,
        onprimary=palette.onprimary,
        focus=palette.focus,
        m=int(Space.M),
        button=int(Radius.BUTTON),
        ring=int(Size.FOCUS_WIDTH),
    )
