"""What is kept of quizzes: the bank, the review with its versions, the editions that learners see."""
