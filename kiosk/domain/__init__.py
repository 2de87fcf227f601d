"""The words of the trade, as values: ids, errors, evidence, decisions, agents. Stdlib only."""
