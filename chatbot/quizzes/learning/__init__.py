"""What learners do with quizzes: attempts, practice, progress, and what their answers say of the items."""
