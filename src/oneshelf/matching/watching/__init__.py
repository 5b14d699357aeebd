"""Keep a process's outlook as fresh as the facts it can see."""
