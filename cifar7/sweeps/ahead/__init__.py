"""What a sweep will be, before it begins: how much of it can be, and how long it takes."""
