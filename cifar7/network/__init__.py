"""Networks as data: what can be said of one, what it costs and sees, and its module and source text.

Only `module` knows torch; nothing here knows images, training, runs or pages. A kind of layer is an entry in
`kinds`, a toggle a row of a table in `controls`.
"""
