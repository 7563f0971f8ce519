"""AWS on this machine: a moto server, and around it what moto lacks.

Functions are processes that run the real binaries; streams, topics, the HTTP API and the custom
resource call them as Lambda would; every call that a function makes to AWS is held against its role.

Not emulated: retry pauses and ages, limits on time and memory, KMS, expiry of items, alarms that go
off, updates and deletions of stacks.
"""
