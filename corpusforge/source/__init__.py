"""Where data enters, and only here."""
