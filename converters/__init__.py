"""Old text to new text: reading without executing, rules, emitting. Never imports torch or a runtime."""
