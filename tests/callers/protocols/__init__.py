"""Each protocol: a transcript, and its real caller where one can be had."""
