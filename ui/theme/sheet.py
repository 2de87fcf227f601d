"""The style sheet, for the few stock controls that are not painted by our own widgets."""

from ui.theme.tokens import Palette, Radius, Size, Space

_SHEET = """
QToolTip {{ background: {surface}; color: {ink}; border: 1px solid {line2};
  padding: {s}px; border-radius: {key}px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: {m}px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {line2}; border-radius: {xs}px; min-height: {target}px;
  margin: 0 {hair}px; }}
QScrollBar:horizontal {{ background: transparent; height: {m}px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {line2}; border-radius: {xs}px; min-width: {target}px;
  margin: {hair}px 0; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QLineEdit {{ background: {surface}; color: {ink}; border: 2px solid {line2};
  border-radius: {button}px; padding: 0 {l}px; selection-background-color: {primary};
  selection-color: {onprimary}; }}
QLineEdit:focus {{ border: 3px solid {focus}; }}
"""


def style_sheet(palette: Palette) -> str:
    """The sheet of a palette; every value in it is a token."""
    return _SHEET.format(
        surface=palette.surface,
        ink=palette.ink,
        line2=palette.line2,
        primary=palette.primary,
        onprimary=palette.onprimary,
        focus=palette.focus,
        hair=int(Space.HAIR),
        xs=int(Space.XS),
        s=int(Space.S),
        m=int(Space.M),
        l=int(Space.L),
        key=int(Radius.KEY),
        button=int(Radius.BUTTON),
        target=int(Size.TARGET_MIN),
    )
