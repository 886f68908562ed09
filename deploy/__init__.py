"""Running Funza Mama as several workers beside a model server, PostgreSQL and Redis; see docs/operating.md."""
