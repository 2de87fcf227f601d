"""Pages outside a journey: each shows a small frozen value and emits what was asked for.

==========  ===================================================================================
sign_in     ``SignInScreen(look)``: ``show_facts(SignInFacts)``, ``show_wrong_pin(tries_left)``,
            ``show_wait(seconds)``, ``show_error(text)``, ``reset()``; signals
            ``pin_entered(agent_id, pin)``, ``language_chosen(code)``
home        ``HomeScreen(look)``: ``show_facts(HomeFacts)``; signals
            ``procedure_requested(name)``, ``draft_chosen(name)``, ``history_requested()``
fault       ``FaultScreen(look)``: ``show_facts(FaultFacts)``; signals ``retry_requested()``,
            ``home_requested()``
settings    ``SettingsScreen(look)``: ``show_facts(SettingsFacts)``; applies language, theme and
            text size at once; signals ``language_chosen(code)``, ``theme_chosen(name)``,
            ``text_size_chosen(name)`` for whoever keeps them
hardware    ``HardwareScreen(look)``: ``show_facts(HardwareFacts)``, ``preview``; signals
            ``test_requested()``, ``test_stopped()``
deliveries  ``DeliveriesScreen(look)``: ``show_facts(DeliveriesFacts)``; signal ``send_requested()``
help_page   ``HelpScreen(look, over_case)``: ``show_lines``, ``show_book(HelpBook)``; signals
            ``tick()``, ``back_requested()``
history     ``HistoryScreen(look)``: ``show_facts(HistoryFacts)``; signal ``verify_requested()``
==========  ===================================================================================

Where a page has buttons at its foot, ``bar`` is its :class:`~ui.widgets.action_bar.ActionBar`.
"""
