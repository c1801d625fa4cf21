"""The little that the theme cannot say, as one style sheet."""

SHEET = """<style>
.st-key-strip { position: sticky; top: 0; z-index: 90; }
</style>"""
