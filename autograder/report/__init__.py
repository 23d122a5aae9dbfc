"""Pages that people read: one for the class, one for each student. Static HTML, no server, no network."""
