"""``visavis``: the window of this device, the demonstration, and every command without a window.

Qt is loaded by the commands that need it, so that the others start fast and run without a screen.
"""

import faulthandler
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from kiosk import __main__ as command_line
from kiosk import logs
from kiosk.commands.console import DataOption, ExitCode, JsonOption, leave
from kiosk.config import Config, load_config
from kiosk.domain.errors import DisplayMissingError
from kiosk.paths import Paths

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
_UNSEEN = ("offscreen", "minimal")
"""Platforms of Qt that draw for nobody."""


def build_app() -> typer.Typer:
    """All commands; without one, the window."""
    app = command_line.build_app()
    app.callback(invoke_without_command=True)(window)
    app.command("demo")(demo)
    return app


def has_display() -> bool:
    """Whether a window can be opened here."""
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in _UNSEEN:
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in _DISPLAYS)


def window(
    context: typer.Context,
    data: DataOption = None,
    kiosk_mode: Annotated[
        bool, typer.Option("--kiosk", help="Cover the screen / Plein écran, sans sortie")
    ] = False,
) -> None:
    """Face-to-face identity verification at the counter."""
    if context.invoked_subcommand is not None:
        return
    if not has_display():
        raise DisplayMissingError
    paths = Paths.of_device(data)
    paths.prepare()
    leave(ExitCode(_run_window(paths, load_config(paths.config), kiosk=kiosk_mode)))


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Play by itself, without a screen / Sans écran")
    ] = False,
    procedure: Annotated[
        str, typer.Option("--procedure", metavar="NAME|all", help="What is played / Quoi jouer")
    ] = "accepted",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Pictures and summary / Images")
    ] = None,
    data: DataOption = None,
    json: JsonOption = False,
) -> None:
    """A whole post office on this machine: counter, camera with specimens, central side."""
    from ui.demonstration import run_headless, run_visible

    folder = data or Paths.of_device().data / "demonstration"
    if headless or not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        leave(ExitCode(run_headless(folder, procedure, out, as_json=json)))
    leave(ExitCode(run_visible(folder)))


def _run_window(paths: Paths, config: Config, *, kiosk: bool) -> int:
    """Open the window and run until it is closed; the exit code."""
    from ui.router.opened import DeviceServices
    from ui.router.window import Signals, Window, application

    handler = logs.start(paths.logs)
    with (paths.logs / "crash.log").open("a", encoding="utf-8") as crash_log:
        faulthandler.enable(crash_log)
        opened = DeviceServices(paths, config)
        window_ = Window(config.screen.language, config.screen.theme, kiosk=kiosk)
        window_.copy_locked = opened.copy_locked
        window_.show()
        window_.open_soon(opened.make)
        signals = Signals(application())
        try:
            return application().exec()
        finally:
            signals.deleteLater()
            window_.close()
            opened.close()
            faulthandler.disable()
            logs.stop(handler)


def main() -> None:
    """Entry point."""
    sys.exit(command_line.run(build_app()))


if __name__ == "__main__":
    main()
