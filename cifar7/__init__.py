"""A workbench for small convolutional networks. A network is data, a run is a folder, a page only reads.

A room imports only the rooms before it: network, data, training, results, runs, export, bench, and then
commands and ui, which do not know each other. Importing a room loads nothing; torch is loaded where
tensors are needed.
"""
