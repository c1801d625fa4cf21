"""A sweep's runs on the nodes of a Ray cluster. Only executor.py and on_node.py import ray, once needed."""
