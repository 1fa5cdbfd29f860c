"""The v3 tree to text: moved values keep their own source text, the rest of the file is not touched."""
