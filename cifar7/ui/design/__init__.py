"""The Design page: the stages' cards and their units, what each toggle does, the drawing, the layer table.

Edits the design in `shell.state` and shows its figures. Knows no run and no other page.
"""
