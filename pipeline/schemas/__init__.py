"""JSON Schemas that ship with gitless: of ``gitless.yaml`` and of the documents it prints."""
