"""The pages. The only room that knows Streamlit; it never trains: it reads folders and lays runs.

A folder is a page (design, train, mistakes, compare, handin), and pages know nothing of each other. They
stand on the shared folders: strip, pictures, assignment, shell, words and files. torch is loaded in
`pictures.inference` only.
"""
