"""How Thaman's services work: storing, publishing, consuming, jobs, keys, secrets, HTTP and health."""
