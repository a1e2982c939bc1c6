"""Who may ask, and how often: keys, the gate before an app, limits, what browsers must not be made to do."""
