"""Who may do what: tokens and their roles, sessions of pages, limits on the rate of requests."""
