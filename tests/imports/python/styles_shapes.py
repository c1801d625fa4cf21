STYLES: dict[str, str] = {}
