"""Speed, memory and herds of the installed command, beside its goals and its peers."""
