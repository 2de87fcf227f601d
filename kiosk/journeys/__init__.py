"""Procedures as data: model, guards, engine, catalogue, validation, diagram, agent. Pure."""
