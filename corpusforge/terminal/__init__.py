"""What the commands print: tables and documents on stdout, progress on stderr."""
