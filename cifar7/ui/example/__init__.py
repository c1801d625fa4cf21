"""What a page without a result offers: an example, trained while one looks. Shared by pages; knows none."""
