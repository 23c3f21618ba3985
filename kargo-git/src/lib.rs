//! Git for promotions: mirrors, exact commits, safe pushes, no shell.
