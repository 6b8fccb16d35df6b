"""A command whose system calls come to the test first, by seccomp's user notification."""
