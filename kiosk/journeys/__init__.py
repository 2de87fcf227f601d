"""Procedures as data: model, guards, engine, catalogue, validation, diagram, automatic agent. Pure."""
