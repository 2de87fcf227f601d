"""One panel for each kind of step. A panel shows a case and emits events; it knows no next step.

Every panel is a :class:`~ui.steps.panel.StepPanel`; ``bar`` holds its buttons.
"""
