"""HTTP in, a declared action or route, HTTP out: a door translates, it neither decides nor stores."""
